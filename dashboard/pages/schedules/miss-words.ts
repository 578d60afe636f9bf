// Why slots did not run, in words.
import type { ScheduleHistory } from "../../core/shapes-system.ts";

const WORDS: Readonly<Record<string, string>> = {
  late: "nobody was there in time",
  overlap: "its last run had not ended",
  expired: "the time for it was over",
  refused: "the task was refused",
  withdrawn: "taken back",
};

export function missWords({ reason, detail }: ScheduleHistory["misses"][number]): string {
  const words = WORDS[reason] ?? reason;
  if (detail === null || reason === "expired") return words;
  // For an overlap the detail says the same again, or what stands for the slot.
  return reason === "overlap" ? detail : `${words}: ${detail}`;
}
