// What a page shows of the system, kept fresh: read once, again when something happens that concerns it, and every few
// seconds besides. While a page is hidden nothing is asked. What was read last is shown at once on the way back.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type ApiError, get } from "./api.ts";
import { type EventName, on } from "./live.ts";

/** However much happens, the same question is asked no more often. */
const LEAST_BETWEEN_MS = 1_000;
const MOST_REMEMBERED = 50;

const remembered = new Map<string, unknown>();

export interface Query<Answer> {
  readonly data: Answer | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  /** Asks again now: after a change. */
  readonly reload: () => Promise<void>;
}

export interface QueryOptions {
  /** Events after which it is asked again. */
  readonly live?: readonly EventName[];
  /** Asked again this often whatever happens. Default 15 s; 0: never. */
  readonly everyMs?: number;
}

/** @param path - of the API, with its query; `undefined` asks nothing. */
export function useQuery<Answer>(
  path: string | undefined,
  { live = [], everyMs = 15_000 }: QueryOptions = {},
): Query<Answer> {
  const [state, setState] = useState<{ path?: string | undefined; data?: Answer; error?: ApiError | undefined }>({});
  const asking = useRef<AbortController>(undefined);

  const reload = useCallback(async () => {
    asking.current?.abort();
    if (path === undefined) return;
    const asked = new AbortController();
    asking.current = asked;
    try {
      const data = await get<Answer>(path, asked.signal);
      remember(path, data);
      if (!asked.signal.aborted) setState({ path, data, error: undefined });
    } catch (error) {
      if (asked.signal.aborted) return;
      setState((before) => ({ ...(before.path === path ? before : { path }), error: error as ApiError }));
    }
  }, [path]);

  const events = live.join();
  useEffect(() => {
    let due: number | undefined;
    let asked = 0;
    const ask = () => {
      due = undefined;
      asked = performance.now();
      void reload();
    };
    const happened = () => {
      if (document.hidden) return;
      due ??= setTimeout(ask, Math.max(0, asked + LEAST_BETWEEN_MS - performance.now()));
    };
    ask();
    const stops = [...(events === "" ? [] : (events.split(",") as EventName[])), "reset" as const].map((event) =>
      on(event, happened),
    );
    const every = everyMs > 0 ? setInterval(happened, everyMs) : undefined;
    document.addEventListener("visibilitychange", happened);
    return () => {
      for (const stop of stops) stop();
      clearInterval(every);
      clearTimeout(due);
      document.removeEventListener("visibilitychange", happened);
      asking.current?.abort();
    };
  }, [reload, events, everyMs]);

  const isOfPath = state.path === path;
  const data = isOfPath && state.data !== undefined ? state.data : (remembered.get(path ?? "") as Answer | undefined);
  const error = isOfPath ? state.error : undefined;
  return { data, error, isLoading: data === undefined && error === undefined && path !== undefined, reload };
}

function remember(path: string, data: unknown): void {
  remembered.delete(path);
  remembered.set(path, data);
  const [oldest] = remembered.keys();
  if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}
