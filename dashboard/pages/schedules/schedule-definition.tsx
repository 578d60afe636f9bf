// What a schedule says: when it fires, what it runs, and by which rules.
import type { Schedule } from "../../core/shapes.ts";
import { inZone } from "../../core/zone.ts";
import { Card, Facts } from "../../parts/card.tsx";
import { Json } from "../../parts/json.tsx";
import { When } from "../../parts/when.tsx";
import { MISFIRE, OVERLAP } from "./policies.ts";
import { timingText, timingWords } from "./timing-words.ts";

export function Definition({ schedule }: { schedule: Schedule }) {
  const { task, timezone, queue, priority, expires, jitter, misfire, misfireGrace, misfireCap, overlap } = schedule;
  const { startAt, endAt, oneOff, params, updatedAt, updatedBy, totalRunCount, missedCount, lastTaskId } = schedule;
  const words = timingWords(schedule, timezone);
  const isEmpty = typeof params === "object" && params !== null && Object.keys(params).length === 0;
  return (
    <Card title="What runs, and when">
      <p class="schedule-words">
        {words || timingText(schedule)}
        <span class="muted">
          <code>{timingText(schedule)}</code>
          {schedule.every === undefined ? ` in ${timezone}` : ""}
        </span>
      </p>
      <Facts
        of={[
          ["Task", <code key="task">{task}</code>],
          ["Queue", queue ?? <span class="muted">the task's own</span>],
          ["Priority", priority ?? undefined],
          [
            "Runs so far",
            lastTaskId === null ? totalRunCount : <a href={`/tasks/${lastTaskId}`}>{totalRunCount}, the last</a>,
          ],
          ["Slots missed", missedCount],
          ["If a slot is missed", MISFIRE.find(({ value }) => value === misfire)?.short],
          ["In time means within", `${misfireGrace}${misfire === "all" ? `, at most ${misfireCap} made up for` : ""}`],
          ["While the last run goes on", OVERLAP.find(({ value }) => value === overlap)?.short],
          ["Not started after", expires === null ? undefined : `${expires}: it does not run any more`],
          ["Spread over", jitter === "0ms" ? undefined : `${jitter} after the slot`],
          ["From", startAt === null ? undefined : inZone(startAt, timezone)],
          ["Until", endAt === null ? undefined : inZone(endAt, timezone)],
          ["Once only", oneOff ? "yes" : undefined],
          [
            "Changed",
            <span key="changed">
              <When at={updatedAt} />
              {updatedBy === null ? "" : ` by ${updatedBy}`}
            </span>,
          ],
        ]}
      />
      {isEmpty ? null : (
        <>
          <h3 class="schedule-params">Parameters</h3>
          <Json value={params} label="the parameters" />
        </>
      )}
    </Card>
  );
}
