// What a page shows of the system, kept fresh: read once, again when something happens that concerns it, and every few
// seconds besides. A slow answer is waited for, and a missing one becomes an error; meanwhile nothing else is asked. While a
// page is hidden nothing is asked. What was read last is shown at once on the way back.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Answered, type ApiError, read } from "./api.ts";
import { type EventName, on } from "./live.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/** However much happens, the same question is asked no more often; what is slow to answer, as much more seldom. */
const LEAST_BETWEEN_MS = 1_000;
const MOST_REMEMBERED = 50;

const remembered = new Map<string, Answered<unknown>>();

export interface Query<Answer> {
  readonly data: Answer | undefined;
  /** What time it was in the system when it answered: what the data says of time is true of then. */
  readonly answeredAt?: number | undefined;
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
  /** How it is asked, where one question is not enough; the same function from one drawing to the next. */
  readonly ask?: typeof read;
}

interface State<Answer> {
  readonly path?: string | undefined;
  readonly answer?: Answered<Answer>;
  readonly error?: ApiError | undefined;
}

/** @param path - of the API, with its query; `undefined` asks nothing. */
export function useQuery<Answer>(
  path: string | undefined,
  { live = [], everyMs = 15_000, ask: askFor = read }: QueryOptions = {},
): Query<Answer> {
  const [state, setState] = useState<State<Answer>>({});
  const over = useRef<AbortSignal>(undefined);

  const reload = useMemo(
    () =>
      oneAtATime(async () => {
        const stopped = over.current;
        if (path === undefined || stopped?.aborted) return;
        try {
          const answer = await askFor<Answer>(path, stopped);
          remember(path, answer);
          if (!stopped?.aborted) setState({ path, answer, error: undefined });
        } catch (error) {
          if (stopped?.aborted) return;
          setState((before) => ({ ...(before.path === path ? before : { path }), error: error as ApiError }));
        }
      }),
    [path, askFor],
  );

  const events = live.join();
  useEffect(() => {
    const end = new AbortController();
    over.current = end.signal;
    let due: number | undefined;
    let next = 0;
    let [isAsking, isMissed] = [false, false];
    const ask = async () => {
      const began = performance.now();
      due = undefined;
      [isAsking, isMissed] = [true, false];
      await reload();
      isAsking = false;
      next = began + Math.max(LEAST_BETWEEN_MS, 2 * (performance.now() - began));
      if (isMissed) happened();
    };
    const happened = () => {
      isMissed ||= isAsking;
      if (document.hidden || isAsking || end.signal.aborted) return;
      due ??= setTimeout(ask, Math.max(0, next - performance.now()));
    };
    void ask();
    const stops = [...(events === "" ? [] : (events.split(",") as EventName[])), "reset" as const].map((event) =>
      on(event, happened),
    );
    const every = everyMs > 0 ? setInterval(happened, everyMs) : undefined;
    document.addEventListener("visibilitychange", happened);
    return () => {
      end.abort();
      for (const stop of stops) stop();
      clearInterval(every);
      clearTimeout(due);
      document.removeEventListener("visibilitychange", happened);
    };
  }, [reload, events, everyMs]);

  const isOfPath = state.path === path;
  const answer = (isOfPath ? state.answer : undefined) ?? (remembered.get(path ?? "") as Answered<Answer> | undefined);
  const error = isOfPath ? state.error : undefined;
  return {
    data: answer?.data,
    answeredAt: answer?.at,
    error,
    isLoading: answer === undefined && error === undefined && path !== undefined,
    reload,
  };
}

function remember(path: string, answer: Answered<unknown>): void {
  remembered.delete(path);
  remembered.set(path, answer);
  const [oldest] = remembered.keys();
  if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}
