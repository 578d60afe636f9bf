// What became of the slots, newest first: the runs with their tasks, and the stretches that did not run with the reason.
import { plural } from "../../core/format.ts";
import type { ScheduleHistory } from "../../core/shapes-system.ts";
import { inZone, READERS_ZONE } from "../../core/zone.ts";
import { Badge, StateBadge } from "../../parts/badge.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { missWords } from "./miss-words.ts";

type Run = ScheduleHistory["runs"][number];
type Miss = ScheduleHistory["misses"][number];
type Row = { readonly at: string; readonly run: Run } | { readonly at: string; readonly miss: Miss };

const time = (instant: string) => inZone(instant, READERS_ZONE, { seconds: !instant.endsWith(":00.000Z") });

const COLUMNS: readonly Column<Row>[] = [
  {
    title: "Slot, your time",
    cell: (row) => <span class="nowrap">{"run" in row ? time(row.run.slot) : stretch(row.miss)}</span>,
  },
  {
    title: "What became of it",
    kind: "grow",
    cell: (row) => ("run" in row ? <RunCell {...row.run} /> : <MissCell {...row.miss} />),
  },
  { title: "Task", wide: true, cell: (row) => ("run" in row ? <TaskLink id={row.run.taskId} /> : null) },
  { title: "", kind: "number", wide: true, cell: (row) => <When at={row.at} /> },
];

export function History({ history: { runs, misses } }: { history: ScheduleHistory }) {
  const rows: readonly Row[] = [
    ...runs.map((run) => ({ at: run.recordedAt, run })),
    ...misses.map((miss) => ({ at: miss.recordedAt, miss })),
  ].sort((a, b) => b.at.localeCompare(a.at));
  return (
    <Table
      label="History"
      columns={COLUMNS}
      rows={rows}
      keyOf={(row) => ("run" in row ? `run ${row.run.slot}` : `miss ${row.miss.recordedAt} ${row.miss.from}`)}
      empty="No slot so far"
      emptyHint="Each slot that fires is written down here with its task; so is each that does not, with the reason."
    />
  );
}

function RunCell({ state, isLate, taskId, taskState }: Run) {
  return (
    <span class="slot-outcome">
      {state === "waiting" ? (
        <Badge tone="wait">Waits for the run before it</Badge>
      ) : taskState === null ? (
        <Badge title="It ran so long ago that its task is no longer kept">Ran</Badge>
      ) : taskId === null ? (
        <StateBadge state={taskState} />
      ) : (
        <a href={`/tasks/${taskId}`}>
          <StateBadge state={taskState} />
        </a>
      )}
      {state === "manual" ? <span class="muted">by hand</span> : null}
      {isLate ? <span class="warn-text">late</span> : null}
    </span>
  );
}

function MissCell(miss: Miss) {
  const { slots, isAtLeast } = miss;
  return (
    <span class="slot-outcome">
      <Badge tone="bad">
        {slots === 1 && !isAtLeast ? "Missed" : `${isAtLeast ? "At least " : ""}${plural(slots, "slot")} missed`}
      </Badge>
      <span>{missWords(miss)}</span>
    </span>
  );
}

function TaskLink({ id }: { id: string | null }) {
  if (id === null) return null;
  return (
    <a class="mono nowrap" href={`/tasks/${id}`} title={id}>
      …{id.slice(-8)}
    </a>
  );
}

function stretch({ from, to }: Miss) {
  if (from === to) return time(from);
  return (
    <>
      {time(from)}
      <span class="sub">to {time(to)}</span>
    </>
  );
}
