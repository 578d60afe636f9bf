// The order of a list of tasks: `sort_by` with Flower's keys (flower/utils/tasks.py), and `runtime`. What has no value comes
// first, as there. Pure.
import { refused } from "../../fields.ts";

const KEYS = ["name", "state", "received", "started", "runtime"] as const;

export interface Sorting {
  readonly key: (typeof KEYS)[number];
  readonly isDescending: boolean;
}

type Task = Readonly<Record<string, unknown>>;

/** `undefined`: the order in which they come, which is `-received`. @throws ApiumError `PARAMS_INVALID`. */
export function sortingOf(given: string | undefined): Sorting | undefined {
  if (given === undefined || given === "-received") return undefined;
  const key = KEYS.find((one) => one === given.replace(/^-/, ""));
  if (key === undefined)
    throw refused("sort_by", `must be of ${KEYS.join(", ")}, with a - before it for the other way`);
  return { key, isDescending: given.startsWith("-") };
}

export function sortBy({ key, isDescending }: Sorting, tasks: readonly Task[]): readonly Task[] {
  const compare = (a: Task, b: Task) => compareValues(a[key], b[key]);
  return tasks.toSorted(isDescending ? (a, b) => compare(b, a) : compare);
}

/** Texts among themselves by their letters, numbers by their size. */
function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : Number(a > b);
  return numberOf(a) - numberOf(b);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
