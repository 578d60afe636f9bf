// The tickets of all sites, and a new one.
import { useState } from "preact/hooks";
import { address } from "../../core/api.ts";
import { query, setQuery } from "../../core/place.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Search, Select } from "../../parts/fields.tsx";
import { Page } from "../../parts/page.tsx";
import { useNames } from "./names.ts";
import { NewTicket } from "./new-ticket.tsx";
import { Paged } from "./paged.tsx";
import type { Ticket } from "./shapes.ts";
import { wordOf } from "./states.tsx";
import { TicketTable } from "./ticket-table.tsx";

const STATES = ["NEW", "OPEN", "ONHOLD", "RESOLVED", "CLOSED", "CANCELLED"];
const PRIORITIES = ["HIGH", "MEDIUM", "LOW"];

export function Tickets() {
  const names = useNames();
  const [isNewOpen, setNewOpen] = useState(false);
  const wanted = (name: string) => query.value.get(name) ?? "";
  const words = (values: readonly string[]) => values.map((value) => [value, wordOf(value)] as const);
  const path = address("/tickets", {
    ...{ limit: 50, q: wanted("q"), siteId: wanted("site"), status: wanted("status"), priority: wanted("priority") },
    isEscalated: wanted("escalated"),
  });
  return (
    <Page
      title="Tickets"
      hint="What somebody has to look after. A ticket that waits too long climbs to the next in its escalation matrix."
      actions={
        <Button needs="operator" tone="main" icon="plus" onClick={() => setNewOpen(true)}>
          New ticket
        </Button>
      }
    >
      <div class="filters">
        <Search label="Search tickets" value={wanted("q")} onInput={(q) => setQuery({ q })} />
        <Select
          label="Site"
          inline
          value={wanted("site")}
          onChange={(site) => setQuery({ site })}
          options={[["", "All sites"], ...names.sites.map(({ id, name }) => [String(id), name] as const)]}
        />
        <Select
          label="State"
          inline
          value={wanted("status")}
          onChange={(status) => setQuery({ status })}
          options={[["", "Any state"], ...words(STATES)]}
        />
        <Select
          label="Priority"
          inline
          value={wanted("priority")}
          onChange={(priority) => setQuery({ priority })}
          options={[["", "Any priority"], ...words(PRIORITIES)]}
        />
        <button
          type="button"
          class="chip"
          aria-pressed={wanted("escalated") === "true"}
          onClick={() => setQuery({ escalated: wanted("escalated") === "true" ? undefined : "true" })}
        >
          Escalated
        </button>
      </div>
      <Card flush>
        <Paged<Ticket> path={path} live={["ticket.created", "ticket.updated", "ticket.escalated"]}>
          {(rows, reload) => (
            <>
              <TicketTable rows={rows} names={names} />
              {isNewOpen ? <NewTicket names={names} onClose={() => setNewOpen(false)} onDone={reload} /> : null}
            </>
          )}
        </Paged>
      </Card>
    </Page>
  );
}
