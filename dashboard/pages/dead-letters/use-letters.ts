// The dead letters that are loaded, the oldest first as the system gives them; a page at a time.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type ApiError, address, get } from "../../core/api.ts";
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
  readonly read: number;
  readonly isWhole: boolean;
  readonly error: ApiError | undefined;
  readonly more: () => Promise<void>;
  readonly reload: () => Promise<void>;
}

interface Read {
  readonly items: readonly DeadLetter[];
  readonly nextCursor: string | null;
}

export function useLetters(filter: LetterFilter, isReady: boolean): Letters {
  const [read, setRead] = useState<Read | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const latest = useRef<Read>(undefined);
  const isReading = useRef(false);
  const path = JSON.stringify(filter);

  const readUpTo = useCallback(
    async (from: Read | undefined, rows: number) => {
      if (isReading.current) return;
      isReading.current = true;
      const asked = letterParams(filter, Date.now());
      try {
        let now: Read = from ?? { items: [], nextCursor: "" };
        do {
          const query = {
            ...asked,
            handled: filter.isHandled || undefined,
            limit: PAGE_ROWS,
            cursor: now.nextCursor || undefined,
          };
          const page = await get<Items<DeadLetter>>(address("/dead-letters", query));
          now = { items: [...now.items, ...page.items], nextCursor: page.nextCursor };
        } while (now.nextCursor !== null && now.items.length < rows);
        latest.current = now;
        setRead(now);
        setError(undefined);
      } catch (failed) {
        setError(failed as ApiError);
      }
      isReading.current = false;
    },
    // The filter is what the text says.
    [path],
  );
  const reload = useCallback(() => readUpTo(undefined, latest.current?.items.length ?? 1), [readUpTo]);
  const more = useCallback(async () => {
    const before = latest.current;
    if (before !== undefined && before.nextCursor !== null) await readUpTo(before, before.items.length + 1);
  }, [readUpTo]);

  useEffect(() => {
    if (!isReady) return;
    latest.current = undefined;
    setRead(undefined);
    void readUpTo(undefined, 1);
    const freshen = () => {
      if (!document.hidden && (latest.current?.items.length ?? 0) <= MOST_FRESH) void reload();
    };
    const every = setInterval(freshen, FRESH_EVERY_MS);
    const stop = on("reset", freshen);
    return () => {
      clearInterval(every);
      stop();
    };
  }, [isReady, readUpTo, reload]);

  const items = useMemo(() => read?.items.filter((letter) => fits(letter, filter, Date.now())), [read, path]);
  return { items, read: read?.items.length ?? 0, isWhole: read?.nextCursor === null, error, more, reload };
}
