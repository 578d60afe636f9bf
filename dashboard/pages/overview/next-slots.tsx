// What fires next, and what should have.
import type { Schedule } from "../../core/shapes.ts";
import { Badge } from "../../parts/badge.tsx";
import { Breakable } from "../../parts/breakable.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";

const MOST_SHOWN = 8;

export function NextSlots({ schedules }: { schedules: readonly Schedule[] }) {
  const rows = schedules
    .filter(({ enabled }) => enabled)
    .toSorted((a, b) => slotOf(a) - slotOf(b))
    .slice(0, MOST_SHOWN);
  return (
    <Table
      label="Next firings"
      rows={rows}
      keyOf={({ name }) => name}
      hrefOf={({ name }) => `/schedules/${encodeURIComponent(name)}`}
      empty="Nothing is scheduled"
      columns={[
        {
          title: "Schedule",
          kind: "grow",
          cell: ({ name, task }) => (
            <>
              <Breakable name={name} />
              <span class="sub mono">
                <Breakable name={task} />
              </span>
            </>
          ),
        },
        {
          title: "Missed",
          kind: "number",
          cell: ({ missedCount }) => (missedCount > 0 ? <Badge tone="warn">{missedCount}</Badge> : null),
        },
        {
          title: "Next",
          kind: "number",
          cell: ({ nextRunAt }) => (nextRunAt === null ? <Badge tone="bad">Never</Badge> : <When at={nextRunAt} />),
        },
      ]}
    />
  );
}

/** What never fires stands at the top: somebody should look at it. */
function slotOf({ nextRunAt }: Schedule): number {
  return nextRunAt === null ? 0 : Date.parse(nextRunAt);
}
