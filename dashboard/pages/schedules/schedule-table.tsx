// The list of schedules: broken ones first, then as they fire.
import { useState } from "preact/hooks";
import { relative, whole } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { Schedule } from "../../core/shapes.ts";
import { inZone } from "../../core/zone.ts";
import { Badge } from "../../parts/badge.tsx";
import { Breakable } from "../../parts/breakable.tsx";
import { Button } from "../../parts/button.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { EnabledSwitch, pathOf, RunNow } from "./schedule-actions.tsx";
import { hasMissedLately, type Standing } from "./standing.ts";
import { timingText, timingWords } from "./timing-words.ts";

const A_PAGE = 200;

export interface ScheduleTableProps {
  /** In the order in which they are shown. */
  readonly schedules: readonly Schedule[];
  readonly standing: (schedule: Schedule) => Standing;
  readonly isFiltered: boolean;
  readonly onDone: () => unknown;
}

export function ScheduleTable({ schedules, standing, isFiltered, onDone }: ScheduleTableProps) {
  const [shown, setShown] = useState(A_PAGE);
  const columns: readonly Column<Schedule>[] = [
    {
      title: "Schedule",
      kind: "grow",
      cell: ({ name, task, queue }) => (
        <span class="schedule-name">
          <strong>
            <Breakable name={name} />
          </strong>
          <span class="sub">
            runs{" "}
            <code>
              <Breakable name={task} />
            </code>
            {queue === null ? "" : ` in ${queue}`}
          </span>
        </span>
      ),
    },
    { title: "When", wide: true, cell: (schedule) => <TimingCell schedule={schedule} /> },
    { title: "Next", cell: (schedule) => <NextCell schedule={schedule} standing={standing(schedule)} /> },
    { title: "Last", wide: true, cell: (schedule) => <LastCell schedule={schedule} /> },
    { title: "Missed", kind: "number", wide: true, cell: (schedule) => <MissedCell schedule={schedule} /> },
    {
      title: "On",
      kind: "shrink",
      cell: (schedule) => (
        <span class="actions">
          <EnabledSwitch schedule={schedule} onDone={onDone} />
        </span>
      ),
    },
    { title: "", kind: "shrink", wide: true, cell: (schedule) => <RunNow small schedule={schedule} onDone={onDone} /> },
  ];
  return (
    <>
      <Table
        label="Schedules"
        columns={columns}
        rows={schedules.slice(0, shown)}
        keyOf={({ name }) => name}
        hrefOf={({ name }) => pathOf(name)}
        empty={isFiltered ? "No schedule fits" : "No schedules"}
        emptyHint={isFiltered ? "Take a filter away." : "Make one to have a task run by itself."}
      />
      {schedules.length > shown ? (
        <div class="more">
          <span>
            {whole(shown)} of {whole(schedules.length)}
          </span>
          <Button small onClick={() => setShown(shown + A_PAGE)}>
            Show more
          </Button>
        </div>
      ) : null}
    </>
  );
}

function TimingCell({ schedule }: { schedule: Schedule }) {
  const words = timingWords(schedule, schedule.timezone);
  const text = timingText(schedule);
  // In words an interval says all; a calendar's or the sun's time hangs on where.
  const where = schedule.every === undefined ? schedule.timezone : undefined;
  return (
    <span class="schedule-when">
      {words || <code>{text}</code>}
      <span class="sub">
        {words === "" || schedule.every !== undefined ? null : <code>{text}</code>} {where}
      </span>
    </span>
  );
}

function NextCell({ schedule, standing }: { schedule: Schedule; standing: Standing }) {
  const { nextRunAt, timezone } = schedule;
  const { word, tone, why } = standing;
  return (
    <span class="nowrap">
      {word === undefined ? null : (
        <Badge tone={tone} {...(why === undefined ? {} : { title: why })}>
          {word}
        </Badge>
      )}
      {nextRunAt === null || standing.word !== undefined ? null : (
        <>
          {relative(Math.max(Date.parse(nextRunAt), now.value), now.value)}
          <span class="sub">{inZone(nextRunAt, timezone)}</span>
        </>
      )}
      {schedule.enabled && hasMissedLately(schedule, now.peek()) ? (
        <span class="sub narrow-only">
          <Badge tone="warn">{whole(schedule.missedCount)} missed</Badge>
        </span>
      ) : null}
    </span>
  );
}

function LastCell({ schedule: { lastRunAt, lastTaskId } }: { schedule: Schedule }) {
  if (lastRunAt === null) return <span class="muted">never</span>;
  return (
    <span class="nowrap">
      {lastTaskId === null ? <When at={lastRunAt} /> : <a href={`/tasks/${lastTaskId}`}>{<When at={lastRunAt} />}</a>}
    </span>
  );
}

function MissedCell({ schedule }: { schedule: Schedule }) {
  const { missedCount, lastMissedAt, enabled } = schedule;
  if (missedCount === 0 || lastMissedAt === null) return <span class="muted">–</span>;
  const isNews = enabled && hasMissedLately(schedule, now.peek());
  return (
    <>
      {isNews ? <Badge tone="warn">{whole(missedCount)}</Badge> : whole(missedCount)}
      <span class="sub">
        <When at={lastMissedAt} />
      </span>
    </>
  );
}
