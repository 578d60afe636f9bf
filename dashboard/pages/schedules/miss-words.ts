// Why slots did not run, in words.
import type { ScheduleHistory } from "../../core/shapes-system.ts";

const WORDS: Readonly<Record<string, string>> = {
  late: "nobody was there to fire them in time",
  overlap: "the run before had not ended",
  expired: "their time was over before they could run",
  refused: "the task was refused",
  withdrawn: "they were taken back",
};

export function missWords({ reason, detail }: ScheduleHistory["misses"][number]): string {
  const words = WORDS[reason] ?? reason;
  // For an overlap the detail says the same again, or that a later slot stands for it.
  if (detail === null || (reason === "overlap" && detail === "its last run has not ended")) return words;
  return reason === "overlap" ? detail : `${words}: ${detail}`;
}
