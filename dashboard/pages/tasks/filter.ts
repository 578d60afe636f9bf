// Which tasks the list shows, as the address says it, and what of that is handed to an action on all of them.

export const LIVE_STATES = ["SCHEDULED", "QUEUED", "STARTED", "RETRY", "WAITING"] as const;
export const FINAL_STATES = ["SUCCESS", "FAILURE", "REVOKED"] as const;
/** Not before their time: what was scheduled, and what has failed and will be tried again. */
const DUE_LATER = ["SCHEDULED", "RETRY"] as const;
export const TASK_STATES = [...LIVE_STATES, ...FINAL_STATES] as const;

/** Of the last so much time; or between two instants. */
export const TIMES = { "15m": 15, "1h": 60, "24h": 1_440, custom: undefined } as const;
export type Time = keyof typeof TIMES;

/** An empty text is any. */
export interface TaskFilter {
  readonly states: readonly string[];
  readonly name: string;
  readonly queue: string;
  readonly worker: string;
  readonly q: string;
  /** `name:value`. */
  readonly header: string;
  readonly parentId: string;
  readonly retryOf: string;
  readonly time: Time | "";
  /** Instants, for the time `custom`. */
  readonly from: string;
  readonly to: string;
}

/** Parameters of the address, all that a filter may have. */
export const FILTER_NAMES = [
  ...["state", "name", "queue", "worker", "q", "header", "parentId", "retryOf"],
  ...["time", "from", "to"],
] as const;

export function filterOf(query: URLSearchParams): TaskFilter {
  const text = (name: string) => query.get(name)?.trim() ?? "";
  const time = text("time");
  return {
    states: text("state")
      .split(",")
      .filter((state) => (TASK_STATES as readonly string[]).includes(state)),
    name: text("name"),
    queue: text("queue"),
    worker: text("worker"),
    q: text("q").slice(0, 200),
    header: text("header"),
    parentId: text("parentId"),
    retryOf: text("retryOf"),
    time: time in TIMES ? (time as Time) : "",
    from: text("from"),
    to: text("to"),
  };
}

/** Nothing but states is asked for: then what is counted of the whole system is true of the list. */
export function isOfAll(filter: TaskFilter): boolean {
  const { states: _states, ...others } = filter;
  return Object.values(others).every((value) => value === "");
}

/** What `POST /control/revoke` can be told of it; `undefined` when it would mean every task there is, or says too much. */
export function revokeFilter(filter: TaskFilter): object | undefined {
  const live = filter.states.filter((state) => (LIVE_STATES as readonly string[]).includes(state));
  if (filter.states.length > 0 && live.length === 0) return undefined;
  return actionFilter(filter, live);
}

/** It is not due yet, and could be let go at once. */
export function waitsForItsTime({ state }: { readonly state: string }): boolean {
  return (DUE_LATER as readonly string[]).includes(state);
}

/** What `POST /tasks/run-now` can be told of it; `undefined` also where the list is not of what waits for its time. */
export function runNowFilter(filter: TaskFilter): object | undefined {
  const later = filter.states.filter((state) => waitsForItsTime({ state }));
  return later.length === 0 ? undefined : actionFilter(filter, later);
}

function actionFilter(filter: TaskFilter, states: readonly string[]): object | undefined {
  const { name, queue, q, header, worker, time, parentId, retryOf } = filter;
  if (worker !== "" || time !== "" || parentId !== "" || retryOf !== "") return undefined;
  if ([name, queue, q, header].every((part) => part === "")) return undefined;
  const [headerName, ...value] = header.split(":");
  return {
    ...(name === "" ? {} : { name }),
    ...(queue === "" ? {} : { queue }),
    ...(q === "" ? {} : { text: q }),
    ...(header === "" ? {} : { headers: { [headerName ?? ""]: value.join(":") } }),
    ...(states.length === 0 ? {} : { states }),
  };
}
