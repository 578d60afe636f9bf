// GET /api/tasks: filters, pages and order as Flower has them, on our own pages. Ours are in the order in which tasks were
// accepted, the newest first, which is `-received`; for another order the newest ten thousand that fit are read and sorted,
// as Flower sorts those it remembers.
import { refused } from "../../fields.ts";
import type { FlowerRequest, Items } from "./flower-request.ts";
import { flowerTask, ourStates, type Viewed } from "./flower-task.ts";
import { sortBy, sortingOf } from "./sort-tasks.ts";

const LONGEST_LIST = 1_000;
/** Flower keeps ten thousand tasks; whoever wants older ones asks for a time. */
const MOST_SKIPPED = 10_000;
const MOST_SORTED = 10_000;
const PAGE = 500;

export async function listTasks({ given, ask }: FlowerRequest): Promise<object> {
  const named = (value: unknown) => (typeof value === "string" && value !== "" && value !== "All" ? value : undefined);
  const state = named(given.state);
  const ours = state === undefined ? undefined : ourStates(state);
  const sorting = sortingOf(named(given.sort_by));
  if (ours?.length === 0) return {};
  const offset = Math.max(0, Number(given.offset ?? 0) || 0);
  if (offset > MOST_SKIPPED) {
    throw refused("offset", `skips ${MOST_SKIPPED} tasks at most; narrow the list by received_start and received_end`);
  }
  const limit = Math.min(LONGEST_LIST, Number(given.limit ?? LONGEST_LIST) || LONGEST_LIST);
  const [from, to] = [minuteOf(given.received_start), minuteOf(given.received_end)];
  const filter = {
    ...{ state: ours, name: named(given.taskname), worker: named(given.workername), q: named(given.search) },
    createdAfter: from === undefined ? undefined : new Date(from).toISOString(),
    createdBefore: to === undefined ? undefined : new Date(to).toISOString(),
  };
  const wanted = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  const needed = offset + limit;
  const mostRead = sorting === undefined ? needed : MOST_SORTED;
  let tasks: readonly ReturnType<typeof flowerTask>[] = [];
  let read = 0;
  let cursor: string | null = null;
  do {
    const page: Items<Viewed> = await ask("tasks.list", {
      ...wanted,
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    const more = [...tasks, ...page.items.map(flowerTask)];
    // Of ten thousand with their parameters no more is kept than is shown.
    tasks = (sorting === undefined ? more : sortBy(sorting, more)).slice(0, needed);
    read += page.items.length;
    cursor = page.nextCursor;
  } while (cursor !== null && read < mostRead);
  return Object.fromEntries(tasks.slice(offset).map((task) => [task.uuid, task]));
}

/** `2026-11-23 18:44`, of UTC. */
function minuteOf(value: unknown): number | undefined {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})/.exec(String(value ?? "")) ?? [];
  // Without this V8 makes the year 2000 of "undefinedTundefined".
  if (day === undefined) return undefined;
  const at = Date.parse(`${day}T${time}:00Z`);
  return Number.isNaN(at) ? undefined : at;
}
