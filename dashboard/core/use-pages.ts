// A list that is read page by page, where nothing that was read vanishes: the newest page is kept fresh, older ones are
// fetched as one asks for them.
import { useCallback, useRef, useState } from "preact/hooks";
import { get } from "./api.ts";
import type { Items } from "./shapes.ts";
import { type Query, type QueryOptions, useQuery } from "./use-query.ts";

export interface Pages<Item> {
  readonly query: Query<Items<Item>>;
  /** What was read so far, in the list's order. */
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  /** Reads the next page. @throws ApiError */
  readonly more: () => Promise<void>;
}

interface Read<Item> {
  readonly path: string;
  readonly items: readonly Item[];
  readonly cursor: string | null;
}

/** @param path - of the API, with its filters and without a cursor. */
export function usePages<Item>(
  path: string | undefined,
  keyOf: (item: Item) => string | number,
  options: QueryOptions = {},
): Pages<Item> {
  const query = useQuery<Items<Item>>(path, options);
  const read = useRef<Read<Item>>(undefined);
  const [, draw] = useState(0);
  if (path !== undefined && query.data !== undefined) {
    const before = read.current?.path === path ? read.current : undefined;
    read.current = { path, ...withNewest(before, query.data, keyOf) };
  }

  const more = useCallback(async () => {
    const before = read.current;
    if (before === undefined || before.cursor === null) return;
    const next = `${before.path}${before.path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(before.cursor)}`;
    const { items, nextCursor } = await get<Items<Item>>(next);
    if (read.current?.path !== before.path) return;
    read.current = { path: before.path, items: [...read.current.items, ...items], cursor: nextCursor };
    draw((count) => count + 1);
  }, []);

  const own = read.current?.path === path ? read.current : undefined;
  return { query, items: own?.items ?? [], hasMore: (own?.cursor ?? null) !== null, more };
}

/** The newest page in front of what was read before. Where they do not meet, something lies between: begin anew. */
function withNewest<Item>(
  before: Read<Item> | undefined,
  { items, nextCursor }: Items<Item>,
  keyOf: (item: Item) => string | number,
): Omit<Read<Item>, "path"> {
  const keys = new Set(items.map(keyOf));
  const older = before?.items.filter((item) => !keys.has(keyOf(item))) ?? [];
  const meets = before !== undefined && older.length < before.items.length;
  return meets && older.length > 0
    ? { items: [...items, ...older], cursor: before.cursor }
    : { items, cursor: nextCursor };
}
