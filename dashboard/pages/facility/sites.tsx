// The sites: where each is, its local time, how its tickets stand.
import { now } from "../../core/now.ts";
import { Badge } from "../../parts/badge.tsx";
import { Card } from "../../parts/card.tsx";
import { Page } from "../../parts/page.tsx";
import { Table } from "../../parts/table.tsx";
import { useNames } from "./names.ts";
import { Paged } from "./paged.tsx";
import type { Site } from "./shapes.ts";

export function Sites() {
  const names = useNames();
  return (
    <Page title="Sites" hint="Everything at a site happens in its own time zone.">
      <Card flush>
        <Paged<Site> path="/sites?limit=100" live={["facility.imported"]}>
          {(rows) => (
            <Table
              label="Sites"
              rows={rows}
              keyOf={({ id }) => id}
              hrefOf={({ id }) => `/sites/${id}`}
              empty="No site yet"
              emptyHint="Take your facility in from CSV or XLSX files: npm run apium -- import <folder> --dry-run"
              columns={[
                {
                  title: "Site",
                  kind: "grow",
                  cell: ({ name, code, enabled }) => (
                    <>
                      <strong>{name}</strong> {enabled ? null : <Badge tone="warn">Disabled</Badge>}
                      <span class="sub mono">{code}</span>
                    </>
                  ),
                },
                { title: "Local time", cell: ({ timezone }) => <LocalTime zone={timezone} /> },
                { title: "In charge", wide: true, cell: ({ inchargeId }) => names.person(inchargeId) },
              ]}
            />
          )}
        </Paged>
      </Card>
    </Page>
  );
}

export function LocalTime({ zone }: { zone: string }) {
  return (
    <span class="nowrap">
      {new Date(now.value).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone })}
      <span class="sub">{zone}</span>
    </span>
  );
}
