// Dead letters by what went wrong: the same task with the same error, ids and numbers in it aside. Pure.
import type { DeadLetter } from "../../core/shapes.ts";
import { likeOf } from "./letter-filter.ts";

export interface LetterGroup {
  readonly key: string;
  /** Null: bytes that were no task. */
  readonly name: string | null;
  readonly code: string | undefined;
  readonly like: string;
  /** Of the latest. */
  readonly message: string;
  readonly first: string;
  readonly last: string;
  readonly ids: readonly string[];
}

/** The largest first. */
export function groupsOf(letters: readonly DeadLetter[]): readonly LetterGroup[] {
  const groups = Map.groupBy(letters, ({ name, error }) => JSON.stringify([name, error.code, likeOf(error.message)]));
  return [...groups]
    .map(([key, own]) => groupOf(key, own))
    .sort((a, b) => b.ids.length - a.ids.length || (a.last < b.last ? 1 : -1));
}

function groupOf(key: string, letters: readonly DeadLetter[]): LetterGroup {
  const times = letters.map(({ createdAt }) => createdAt).sort();
  const latest = letters.find(({ createdAt }) => createdAt === times.at(-1)) ?? letters[0];
  const message = latest?.error.message ?? "";
  return {
    key,
    name: latest?.name ?? null,
    code: latest?.error.code,
    like: likeOf(message),
    message,
    first: times[0] ?? "",
    last: times.at(-1) ?? "",
    ids: letters.map(({ id }) => id),
  };
}
