// Reports that were ordered, with their files, and a new one.
import { useState } from "preact/hooks";
import { address, send } from "../../core/api.ts";
import { bytes, whole } from "../../core/format.ts";
import { isOfPlatform } from "../../core/me.ts";
import { query, setQuery } from "../../core/place.ts";
import type { Items } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { inZone } from "../../core/zone.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Select } from "../../parts/fields.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Page } from "../../parts/page.tsx";
import { Table } from "../../parts/table.tsx";
import { say } from "../../parts/toast.tsx";
import { When } from "../../parts/when.tsx";
import { OrderReport } from "./order-report.tsx";
import { Paged } from "./paged.tsx";
import type { CatalogueEntry, Report } from "./shapes.ts";
import { FacilityState } from "./states.tsx";

export function Reports() {
  const [isOrdering, setOrdering] = useState(false);
  const catalogue = useQuery<Items<CatalogueEntry>>("/reports/catalogue", { everyMs: 0 });
  const wanted = query.value.get("report") ?? "";
  return (
    <Page
      title="Reports"
      hint="Made in the background; a file is kept for some days."
      actions={
        <Button
          needs="operator"
          tone="main"
          icon="plus"
          disabled={catalogue.data === undefined}
          onClick={() => setOrdering(true)}
        >
          Order a report
        </Button>
      }
    >
      <div class="filters">
        <Select
          label="Report"
          inline
          value={wanted}
          onChange={(report) => setQuery({ report })}
          options={[
            ["", "All reports"],
            ...(catalogue.data?.items ?? []).map(({ key, title }) => [key, title] as const),
          ]}
        />
      </div>
      <Card flush>
        <Paged<Report> path={address("/reports", { limit: 50, report: wanted })} live={["tasks"]}>
          {(rows, reload) => (
            <>
              <ReportTable rows={rows} reload={reload} />
              {isOrdering ? (
                <OrderReport
                  catalogue={catalogue.data?.items ?? []}
                  onClose={() => setOrdering(false)}
                  onDone={reload}
                />
              ) : null}
            </>
          )}
        </Paged>
      </Card>
    </Page>
  );
}

function ReportTable({ rows, reload }: { rows: readonly Report[]; reload: () => Promise<void> }) {
  const again = async ({ id, title }: Report) => {
    await send("POST", `/reports/${id}/retry`);
    say(`${title} is made again`);
    await reload();
  };
  return (
    <Table
      label="Reports"
      rows={rows}
      keyOf={({ id }) => id}
      empty="No report yet"
      emptyHint="Order one, or let a schedule make it for each period: npm run apium -- reports --help"
      columns={[
        {
          title: "Report",
          kind: "grow",
          cell: ({ title, format, periodFrom, periodUpto, isLate, error, timezone }) => (
            <>
              <strong>{title}</strong> <span class="muted">{format.toUpperCase()}</span>{" "}
              {isLate ? <Badge tone="warn">Late</Badge> : null}
              <span class="sub">
                {periodFrom === null || periodUpto === null
                  ? ""
                  : `${inZone(periodFrom, timezone)} to ${inZone(periodUpto, timezone)}, ${timezone}`}
              </span>
              {error === null ? null : <span class="sub bad-text">{error.message}</span>}
            </>
          ),
        },
        { title: "State", cell: ({ state }) => <FacilityState state={state} /> },
        { title: "Rows", kind: "number", wide: true, cell: ({ rows: count }) => (count === null ? "–" : whole(count)) },
        { title: "Size", kind: "number", wide: true, cell: ({ bytes: size }) => (size === null ? "–" : bytes(size)) },
        { title: "Ordered", kind: "number", wide: true, cell: ({ createdAt }) => <When at={createdAt} /> },
        {
          title: "",
          kind: "shrink",
          cell: (report) => (
            <span class="actions">
              {report.state === "READY" ? (
                <a class="button small" href={`/api/v1/reports/${report.id}/file`} download>
                  <Icon name="download" size={14} /> File
                </a>
              ) : report.state !== "FAILED" && report.state !== "EXPIRED" ? null : (
                <Button small needs="operator" icon="retry" onClick={() => again(report)}>
                  Again
                </Button>
              )}
              {report.taskId === null || !isOfPlatform() ? null : <a href={`/tasks/${report.taskId}`}>Task</a>}
            </span>
          ),
        },
      ]}
    />
  );
}
