// A list of the API, page by page: what is there so far, and a button for more. Filters stand in the address; with others the
// list begins anew.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../core/api.ts";
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

export function Paged<Row>({ path, live, children }: PagedProps<Row>) {
  const first = useQuery<Items<Row>>(path, live === undefined ? {} : { live });
  const [more, setMore] = useState<Items<Row>>({ items: [], nextCursor: null });
  useEffect(() => setMore({ items: [], nextCursor: null }), [path]);
  return (
    <Loaded query={first}>
      {({ items, nextCursor }) => {
        const next = more.items.length === 0 ? nextCursor : more.nextCursor;
        const load = async () => {
          const page = await get<Items<Row>>(
            `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(next ?? "")}`,
          );
          setMore({ items: [...more.items, ...page.items], nextCursor: page.nextCursor });
        };
        return (
          <>
            {children([...items, ...more.items], first.reload)}
            {next === null || items.length === 0 ? null : (
              <div class="more">
                <Button small onClick={load}>
                  More
                </Button>
              </div>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
