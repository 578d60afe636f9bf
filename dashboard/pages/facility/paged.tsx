// A list of the API, page by page: what is there so far, and a button for more. All pages that are shown are read again
// together, so that no row is lost or doubled between two of them. Filters stand in the address; with others it begins anew.
import type { ComponentChildren } from "preact";
import { useCallback, useState } from "preact/hooks";
import { type Answered, read } from "../../core/api.ts";
import type { EventName } from "../../core/live.ts";
import type { Items } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { Button } from "../../parts/button.tsx";
import { Loaded } from "../../parts/loaded.tsx";

export interface PagedProps<Row> {
  /** With its query, without a cursor. */
  readonly path: string;
  readonly live?: readonly EventName[];
  readonly children: (rows: readonly Row[], reload: () => Promise<void>) => ComponentChildren;
}

export function Paged<Row>(props: PagedProps<Row>) {
  return <Pages key={props.path} {...props} />;
}

function Pages<Row>({ path, live = [], children }: PagedProps<Row>) {
  const [pages, setPages] = useState(1);
  const ask = useCallback(
    <Answer,>(first: string, signal?: AbortSignal) => readPages(first, pages, signal) as Promise<Answered<Answer>>,
    [pages],
  );
  const list = useQuery<Items<Row>>(path, { live, ask });
  return (
    <Loaded query={list}>
      {({ items, nextCursor }) => (
        <>
          {children(items, list.reload)}
          {nextCursor === null ? null : (
            <div class="more">
              <Button small onClick={() => setPages(pages + 1)}>
                More
              </Button>
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}

/** The first pages of a list as one answer. */
async function readPages(path: string, pages: number, signal?: AbortSignal): Promise<Answered<Items<unknown>>> {
  const { data, at } = await read<Items<unknown>>(path, signal);
  let { items, nextCursor } = data;
  for (let page = 1; page < pages && nextCursor !== null; page += 1) {
    const cursor = `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(nextCursor)}`;
    const { data: next } = await read<Items<unknown>>(`${path}${cursor}`, signal);
    items = [...items, ...next.items];
    nextCursor = next.nextCursor;
  }
  return { data: { items, nextCursor }, at };
}
