// The dead letters that are loaded, the oldest first as the system gives them; a page at a time.
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { type ApiError, address, get, systemTime } from "../../core/api.ts";
import { useKept } from "../../core/kept.ts";
import { on } from "../../core/live.ts";
import type { DeadLetter, Items } from "../../core/shapes.ts";
import { fits, type LetterFilter, letterParams } from "./letter-filter.ts";

const PAGE_ROWS = 200;
const FRESH_EVERY_MS = 15_000;
/** With more loaded than this it is not read again by itself. */
const MOST_FRESH = 600;

export interface Letters {
  /** Of those that were read, the ones that fit. Undefined until the first page is there. */
  readonly items: readonly DeadLetter[] | undefined;
  /** Where the window stood when one left the list. */
  readonly startAt: number;
  readonly read: number;
  readonly isWhole: boolean;
  /** When it was read last, where it is too long to be read again by itself. */
  readonly staleSince: number | undefined;
  readonly error: ApiError | undefined;
  readonly more: () => Promise<void>;
  readonly reload: () => Promise<void>;
}

interface Read {
  readonly at: number;
  readonly items: readonly DeadLetter[];
  readonly nextCursor: string | null;
}

/** @param place - the address of the list: another one is another list. */
export function useLetters(place: string, filter: LetterFilter, isReady: boolean): Letters {
  const { value: box, startAt } = useKept<{ read?: Read }>(place, () => ({}));
  const [, redraw] = useReducer((draws: number, _: undefined) => draws + 1, 0);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const latest = useRef({ box, filter });
  latest.current = { box, filter };
  const reading = useRef<object>(undefined);

  const readUpTo = useCallback(
    async (from: Read | undefined, rows: number) => {
      // A list is read by one at a time; another list does not wait for it.
      if (reading.current === box) return;
      reading.current = box;
      const { filter: wanted } = latest.current;
      const asked = { ...letterParams(wanted, systemTime()), handled: wanted.isHandled || undefined, limit: PAGE_ROWS };
      try {
        let read: Read = from ?? { items: [], nextCursor: "", at: systemTime() };
        do {
          const cursor = read.nextCursor || undefined;
          const page = await get<Items<DeadLetter>>(address("/dead-letters", { ...asked, cursor }));
          read = { ...read, items: [...read.items, ...page.items], nextCursor: page.nextCursor };
        } while (read.nextCursor !== null && read.items.length < rows);
        box.read = read;
        setError(undefined);
      } catch (failed) {
        setError(failed as ApiError);
      }
      if (reading.current === box) reading.current = undefined;
      redraw(undefined);
    },
    [box],
  );
  const reload = useCallback(() => readUpTo(undefined, box.read?.items.length ?? 1), [readUpTo, box]);
  const more = useCallback(async () => {
    if (box.read !== undefined && box.read.nextCursor !== null) await readUpTo(box.read, box.read.items.length + 1);
  }, [readUpTo, box]);

  useEffect(() => {
    if (!isReady) return;
    void reload();
    const freshen = () => {
      if (!document.hidden && (box.read?.items.length ?? 0) <= MOST_FRESH) void reload();
    };
    const every = setInterval(freshen, FRESH_EVERY_MS);
    const stop = on("reset", freshen);
    return () => {
      clearInterval(every);
      stop();
    };
  }, [isReady, reload, box]);

  const { read } = box;
  const items = useMemo(() => read?.items.filter((letter) => fits(letter, filter, systemTime())), [read, place]);
  const count = read?.items.length ?? 0;
  const staleSince = count > MOST_FRESH ? read?.at : undefined;
  return { items, startAt, read: count, isWhole: read?.nextCursor === null, staleSince, error, more, reload };
}
