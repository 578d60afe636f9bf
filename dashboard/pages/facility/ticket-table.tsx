// Tickets as rows: what, how bad, who has it, how far it has climbed.
import { Badge } from "../../parts/badge.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import type { Names } from "./names.ts";
import type { Ticket } from "./shapes.ts";
import { FacilityState, Priority } from "./states.tsx";

export function TicketTable({
  rows,
  names,
  isOfSite = false,
}: {
  rows: readonly Ticket[];
  names: Names;
  isOfSite?: boolean;
}) {
  return (
    <Table
      label="Tickets"
      rows={rows}
      keyOf={({ id }) => id}
      hrefOf={({ id }) => `/tickets/${id}`}
      empty="No ticket"
      emptyHint="Nothing is reported here."
      columns={[
        {
          title: "Ticket",
          kind: "grow",
          cell: ({ number, description, siteId }) => (
            <>
              <span class="clip">{description}</span>
              <span class="sub">
                <span class="mono">{number}</span>
                {isOfSite ? "" : ` ${names.site(siteId)}`}
              </span>
            </>
          ),
        },
        {
          title: "State",
          cell: ({ status, priority, level }) => (
            <>
              <FacilityState state={status} />
              <span class="sub narrow-only">
                <Priority priority={priority} />
                {level === 0 ? null : `, climbed ${level}`}
              </span>
            </>
          ),
        },
        ...(isOfSite ? [] : ofAllSites(names)),
        { title: "Level", wide: true, cell: ({ level }) => <Level level={level} /> },
        { title: "Opened", kind: "number", cell: ({ createdAt }) => <When at={createdAt} /> },
      ]}
    />
  );
}

/** Columns for which there is no room beside others. */
function ofAllSites(names: Names): readonly Column<Ticket>[] {
  return [
    { title: "Priority", wide: true, cell: ({ priority }) => <Priority priority={priority} /> },
    { title: "With", wide: true, cell: ({ assignedToPersonId }) => names.person(assignedToPersonId) },
  ];
}

/** How often it has climbed. */
export function Level({ level }: { level: number }) {
  if (level === 0) return <span class="muted">–</span>;
  return (
    <Badge tone={level > 1 ? "bad" : "warn"} title="Escalated this often">
      ↑ {level}
    </Badge>
  );
}
