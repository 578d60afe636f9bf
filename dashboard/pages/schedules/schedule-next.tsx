// The next ten firings, in the schedule's zone and in the reader's.
import { relative } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { Schedule } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { inZone, offsetOf, READERS_ZONE } from "../../core/zone.ts";
import { Card, Empty } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { pathOf } from "./schedule-actions.tsx";

const SHOWN = 10;

export function NextFirings({ schedule: { name, timezone, enabled, problem } }: { schedule: Schedule }) {
  // Some have passed before it is asked again.
  const next = useQuery<{ fires: readonly string[] }>(problem ? undefined : `${pathOf(name)}/next?n=${SHOWN + 5}`, {
    live: ["schedule.fired"],
  });
  if (problem) {
    return (
      <Card title="Next firings">
        <Empty title="Nobody can tell">Its definition cannot be read.</Empty>
      </Card>
    );
  }
  const coming = (fires: readonly string[]) => fires.filter((fire) => Date.parse(fire) > now.value).slice(0, SHOWN);
  return (
    <Card
      title="Next firings"
      flush
      actions={enabled ? undefined : <span class="warn-text">once it is switched on</span>}
    >
      <Loaded query={next} lines={SHOWN}>
        {({ fires }) => (
          <Table
            label="Next firings"
            columns={columnsFor(timezone, coming(fires))}
            rows={coming(fires)}
            keyOf={(fire) => fire}
            empty="It fires no more"
            emptyHint="There is no slot between its start and its end."
          />
        )}
      </Loaded>
    </Card>
  );
}

function columnsFor(timezone: string, fires: readonly string[]): readonly Column<string>[] {
  const seconds = fires.some((fire) => !fire.endsWith(":00.000Z"));
  const isSame = timezone === READERS_ZONE;
  return [
    {
      title: `${timezone} ${offsetAt(fires[0], timezone)}${isSame ? ", your zone" : ""}`,
      kind: "grow",
      cell: (fire) => (
        <span class="nowrap">
          {inZone(fire, timezone, { seconds })} <span class="muted">{newOffset(fire, timezone, fires)}</span>
        </span>
      ),
    },
    ...(isSame
      ? []
      : [
          {
            title: "Your time",
            cell: (fire: string) => <span class="nowrap">{inZone(fire, READERS_ZONE, { seconds })}</span>,
          },
        ]),
    {
      title: "",
      kind: "number",
      wide: !isSame,
      cell: (fire) => <span class="muted">{relative(Date.parse(fire), now.value)}</span>,
    },
  ];
}

/** Said above, and where it changes. */
function newOffset(fire: string, timezone: string, fires: readonly string[]): string {
  const offset = offsetAt(fire, timezone);
  return offset === offsetAt(fires[fires.indexOf(fire) - 1] ?? fire, timezone) ? "" : offset;
}

function offsetAt(fire: string | undefined, timezone: string): string {
  return fire === undefined || timezone === "UTC" ? "" : offsetOf(fire, timezone);
}
