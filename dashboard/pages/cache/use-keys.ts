// Keys of a cache, read page by page up to a bound; more on request. A store may answer pages with few keys, or none.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type ApiError, address, get } from "../../core/api.ts";
import type { Items } from "../../core/shapes.ts";

const A_PAGE = 1_000;
const PAGES_AT_ONCE = 5;

export interface KeysRead {
  readonly keys: readonly string[];
  /** There may be more than were read. */
  readonly hasMore: boolean;
  readonly isReading: boolean;
  readonly error: ApiError | undefined;
  readonly more: () => Promise<void>;
  readonly reload: () => Promise<void>;
}

export interface Where {
  readonly cache: string;
  readonly version: string;
}

/** Reads up to {@link PAGES_AT_ONCE} pages that fit. @throws ApiError */
export async function readKeys(
  { cache, version }: Where,
  pattern: string,
  from: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly keys: readonly string[]; readonly cursor: string | undefined }> {
  const keys: string[] = [];
  let cursor = from;
  for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
    const path = address("/cache/keys", { cache, version, pattern, limit: A_PAGE, cursor });
    const { items, nextCursor } = await get<Items<string>>(path, signal);
    keys.push(...items);
    cursor = nextCursor ?? undefined;
    if (cursor === undefined) break;
  }
  return { keys, cursor };
}

interface State {
  readonly of?: string;
  readonly keys: readonly string[];
  readonly cursor: string | undefined;
  readonly isReading: boolean;
  readonly error: ApiError | undefined;
}

const NOTHING: State = { keys: [], cursor: undefined, isReading: true, error: undefined };

export function useKeys({ cache, version }: Where, pattern: string): KeysRead {
  const [state, setState] = useState<State>(NOTHING);
  const reading = useRef<AbortController>(undefined);

  const read = useCallback(
    async (before: readonly string[], cursor: string | undefined) => {
      reading.current?.abort();
      const own = new AbortController();
      reading.current = own;
      const of = `${cache} ${version} ${pattern}`;
      // A new question begins empty; going on, or anew, keeps what is shown until there is an answer.
      setState((old) => (old.of === of ? { ...old, isReading: true, error: undefined } : { ...NOTHING, of }));
      try {
        const found = await readKeys({ cache, version }, pattern, cursor, own.signal);
        if (own.signal.aborted) return;
        // A scan may name a key twice.
        const keys = [...new Set([...before, ...found.keys])].sort(inNaturalOrder);
        setState({ of, keys, cursor: found.cursor, isReading: false, error: undefined });
      } catch (error) {
        if (own.signal.aborted) return;
        setState((old) => ({ ...old, isReading: false, error: error as ApiError }));
      }
    },
    [cache, version, pattern],
  );

  useEffect(() => {
    void read([], undefined);
    return () => reading.current?.abort();
  }, [read]);

  return {
    ...{ keys: state.keys, hasMore: state.cursor !== undefined, isReading: state.isReading, error: state.error },
    more: () => read(state.keys, state.cursor),
    reload: () => read([], undefined),
  };
}

const { compare } = new Intl.Collator("en", { numeric: true });

/** `ticket:9` before `ticket:10`. */
function inNaturalOrder(a: string, b: string): number {
  return compare(a, b);
}
