// How many dead letters wait for a person: what the menu and the overview say first.
import { whole } from "./format.ts";
import type { TaskCounts } from "./shapes.ts";
import { useQuery } from "./use-query.ts";

const EVERY_MS = 10_000;
/** The system counts no further. */
const MOST_COUNTED = 10_000;

export interface OpenLetters {
  readonly count: number;
  /** `7`, `1,204`, or `10,000+`. */
  readonly words: string;
}

/** @param isAsked - whether the reader may know. */
export function useOpenLetters(isAsked = true): OpenLetters | undefined {
  const count = useQuery<TaskCounts>(isAsked ? "/tasks/counts" : undefined, { everyMs: EVERY_MS }).data?.deadLetters;
  // A gateway of an older version does not say.
  if (count === undefined) return undefined;
  return { count, words: `${whole(count)}${count >= MOST_COUNTED ? "+" : ""}` };
}
