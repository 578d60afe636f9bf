// Occurrences of jobs: when each is to be done, and what became of it.
import { Badge } from "../../parts/badge.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import type { Names } from "./names.ts";
import type { Jobneed } from "./shapes.ts";
import { FacilityState } from "./states.tsx";

export function JobneedTable({ rows, names }: { rows: readonly Jobneed[]; names: Names }) {
  return (
    <Table
      label="Occurrences"
      rows={rows}
      keyOf={({ id }) => id}
      hrefOf={({ jobId }) => (jobId === null ? undefined : `/jobs/${jobId}`)}
      empty="Nothing is to be done"
      emptyHint="Occurrences are made from jobs, some days ahead."
      columns={[
        {
          title: "What",
          kind: "grow",
          cell: ({ name, personId, hasAlerts }) => (
            <>
              {name} {hasAlerts ? <Badge tone="bad">Alert</Badge> : null}
              <span class="sub">{names.person(personId)}</span>
            </>
          ),
        },
        { title: "State", cell: ({ status }) => <FacilityState state={status} /> },
        { title: "Planned", kind: "number", cell: ({ planAt }) => <When at={planAt} /> },
        { title: "Until", kind: "number", wide: true, cell: ({ expiryAt }) => <When at={expiryAt} /> },
      ]}
    />
  );
}
