// The audit: who changed what, newest first. A row is never changed or taken away, so what was read stays on the page.
import { useMemo } from "preact/hooks";
import { address } from "../../core/api.ts";
import { query } from "../../core/place.ts";
import type { AuditEntry } from "../../core/shapes-system.ts";
import { usePages } from "../../core/use-pages.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { OnlyFor } from "../../parts/only-for.tsx";
import { Page } from "../../parts/page.tsx";
import { Table } from "../../parts/table.tsx";
import { COLUMNS } from "./audit-columns.tsx";
import { AuditFilters } from "./audit-filters.tsx";
import { instantOf } from "./since.ts";

const A_PAGE = 100;

export function Audit() {
  return (
    <Page
      title="Audit"
      hint="Who changed what, and when. Each change by a person or a program that signed in leaves a row."
    >
      <OnlyFor needs="operator" what="The audit">
        <AuditFilters />
        <Entries />
      </OnlyFor>
    </Page>
  );
}

function Entries() {
  const at = (name: string) => query.value.get(name) ?? undefined;
  const stretch = at("since") ?? "";
  // Once for a stretch: if it moved along with the clock, the list would begin anew and forget its older pages.
  const since = useMemo(() => instantOf(stretch, Date.now()), [stretch]);
  const pages = usePages<AuditEntry>(
    address("/audit", {
      ...{ actor: at("actor"), action: at("action"), target: at("target") },
      ...{ since, limit: A_PAGE },
    }),
    ({ id }) => id,
    { everyMs: 10_000 },
  );
  return (
    <Card flush>
      <Loaded query={pages.query} lines={10}>
        {() => (
          <Table
            label="Audit"
            columns={COLUMNS}
            rows={pages.items}
            keyOf={({ id }) => id}
            empty="Nothing was changed"
            emptyHint="No change fits these filters. Names must be whole; an action may be the beginning of one."
          />
        )}
      </Loaded>
      {pages.hasMore ? (
        <div class="more">
          <Button small onClick={pages.more}>
            Older
          </Button>
        </div>
      ) : null}
    </Card>
  );
}
