// The list's filter as the API wants to hear it.
import type { Params } from "../../core/api.ts";
import { offers } from "../../core/offers.ts";
import { type TaskFilter, TIMES, type Time } from "./filter.ts";

/** Parameters of `GET /tasks` that not every version knows. */
const NEWER = ["createdAfter", "createdBefore", "header", "parentId", "retryOf"] as const;

/** Several states at once came with them. */
export function takesSeveralStates(): boolean {
  return offers("GET /tasks", "createdAfter") === true;
}

/** `unknown`: parts of the filter that this system does not know, and that are left out. */
export function listParams(filter: TaskFilter, now: number): { readonly params: Params; readonly unknown: string[] } {
  const { states, time } = filter;
  const minutes = time === "" ? undefined : TIMES[time];
  const wanted: Record<string, string | undefined> = {
    state: states.slice(0, takesSeveralStates() ? undefined : 1).join(","),
    name: filter.name,
    queue: filter.queue,
    worker: filter.worker,
    q: filter.q,
    header: filter.header,
    parentId: filter.parentId,
    retryOf: filter.retryOf,
    createdAfter: minutes === undefined ? instant(filter.from, time) : new Date(now - minutes * 60_000).toISOString(),
    createdBefore: instant(filter.to, time),
  };
  const unknown = NEWER.filter((name) => wanted[name] && offers("GET /tasks", name) === false);
  for (const name of unknown) delete wanted[name];
  return { params: wanted, unknown };
}

function instant(given: string, time: Time | ""): string | undefined {
  const at = Date.parse(given);
  return time === "custom" && !Number.isNaN(at) ? new Date(at).toISOString() : undefined;
}
