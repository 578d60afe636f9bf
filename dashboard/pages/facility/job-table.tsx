// Jobs as rows: what is done when, by whom.
import { cronWords } from "../../../runtime/schedule/cron-words.ts";
import { Badge } from "../../parts/badge.tsx";
import { Table } from "../../parts/table.tsx";
import type { Names } from "./names.ts";
import type { Job } from "./shapes.ts";
import { Priority, wordOf } from "./states.tsx";

export function JobTable({
  rows,
  names,
  isOfSite = false,
}: {
  rows: readonly Job[];
  names: Names;
  isOfSite?: boolean;
}) {
  return (
    <Table
      label="Jobs"
      rows={rows}
      keyOf={({ id }) => id}
      hrefOf={({ id }) => `/jobs/${id}`}
      empty="No job"
      emptyHint="A job says what is to be done at a site, and when."
      columns={[
        {
          title: "Job",
          kind: "grow",
          cell: ({ name, enabled, identifier, siteId }) => (
            <>
              <strong>{name}</strong> {enabled ? null : <Badge tone="warn">Disabled</Badge>}
              <span class="sub">
                {wordOf(identifier)}
                {isOfSite ? "" : `, ${names.site(siteId)}`}
              </span>
            </>
          ),
        },
        { title: "When", wide: true, cell: ({ cron, timezone }) => <CronWords cron={cron} zone={timezone} /> },
        { title: "Who", wide: true, cell: ({ personId }) => names.person(personId) },
        { title: "Priority", cell: ({ priority }) => <Priority priority={priority} /> },
      ]}
    />
  );
}

export function CronWords({ cron, zone }: { cron: string; zone: string }) {
  return (
    <>
      {cronWords(cron)}
      <span class="sub">
        <span class="mono">{cron}</span> {zone}
      </span>
    </>
  );
}
