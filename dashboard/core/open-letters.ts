// How many dead letters wait for a person, as far as one counts: the API gives them whole, with their parameters, so few are
// asked for, and seldom.
import type { DeadLetter, Items } from "./shapes.ts";
import { useQuery } from "./use-query.ts";

const MOST_COUNTED = 25;
const EVERY_MS = 10_000;

export interface OpenLetters {
  readonly count: number;
  /** `7`, or `25+`. */
  readonly words: string;
}

/** @param isAsked - whether the reader may know. */
export function useOpenLetters(isAsked = true): OpenLetters | undefined {
  const { data } = useQuery<Items<DeadLetter>>(isAsked ? `/dead-letters?limit=${MOST_COUNTED}` : undefined, {
    everyMs: EVERY_MS,
  });
  if (data === undefined) return undefined;
  return { count: data.items.length, words: `${data.items.length}${data.nextCursor === null ? "" : "+"}` };
}
