// A schedule as it is shown: what was asked for, where it stands, what became of its slots.
import { ApiumError, messageOf } from "../contract/errors.ts";
import { scheduleInput } from "./definition.ts";
import { definitionOf, type MissRow, type ScheduleOrigin, type SlotRow, type StoredSchedule } from "./store.ts";

/** The definition as it could be sent again, and where the schedule stands. Instants are ISO 8601 in UTC. */
export interface ScheduleView {
  readonly name: string;
  readonly task: string;
  readonly timezone: string;
  readonly enabled: boolean;
  /** `code`: defined by a service of this system; `api`: made at run time. */
  readonly origin: ScheduleOrigin;
  /** Grows with each change. */
  readonly version: number;
  /** Null when no slot is left, or the schedule is disabled. */
  readonly nextRunAt: string | null;
  readonly lastRunAt: string | null;
  readonly lastTaskId: string | null;
  readonly totalRunCount: number;
  /** Slots that did not run. */
  readonly missedCount: number;
  readonly lastMissedAt: string | null;
  /** Slots that wait for the end of the run before them (`overlap: queue`). */
  readonly waitingSlots: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly updatedBy: string | null;
  /** Why it cannot fire, where its definition is not valid any more. */
  readonly problem?: string;
  /** `cron`, `every`, `at` or `solar`, and the other fields of the definition. */
  readonly [field: string]: unknown;
}

export function viewOf(row: StoredSchedule): ScheduleView {
  const {
    definition: _definition,
    digest: _digest,
    nextRunAt,
    lastRunAt,
    lastMissedAt,
    createdAt,
    updatedAt,
    ...rest
  } = row;
  return {
    ...readable(row),
    ...rest,
    nextRunAt: row.enabled ? iso(nextRunAt) : null,
    lastRunAt: iso(lastRunAt),
    lastMissedAt: iso(lastMissedAt),
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

export interface HistoryView {
  readonly runs: readonly {
    readonly slot: string;
    readonly state: SlotRow["state"];
    readonly isLate: boolean;
    readonly taskId: string | null;
    /** The task's state; null when it is no longer kept. */
    readonly taskState: string | null;
    readonly recordedAt: string;
  }[];
  readonly misses: readonly {
    readonly from: string;
    readonly to: string;
    readonly slots: number;
    readonly isAtLeast: boolean;
    readonly reason: MissRow["reason"];
    readonly detail: string | null;
    readonly recordedAt: string;
  }[];
}

export function historyView(runs: readonly SlotRow[], misses: readonly MissRow[]): HistoryView {
  return {
    runs: runs.map((run) => ({ ...run, slot: isoOf(run.slot), recordedAt: isoOf(run.recordedAt) })),
    misses: misses.map((miss) => ({
      ...miss,
      from: isoOf(miss.from),
      to: isoOf(miss.to),
      recordedAt: isoOf(miss.recordedAt),
    })),
  };
}

function readable(row: StoredSchedule): { task: string; timezone: string } & Record<string, unknown> {
  try {
    const { task, timezone = "UTC", ...input } = scheduleInput(definitionOf(row));
    return { ...input, task, timezone };
  } catch (error) {
    const stored = row.definition as { task: string; timezone: string };
    return { ...stored, problem: problemOf(error) };
  }
}

function iso(instant: number | null): string | null {
  return instant === null ? null : isoOf(instant);
}

function isoOf(instant: number): string {
  return new Date(instant).toISOString();
}

/** What is wrong with a definition, its fields named. */
export function problemOf(error: unknown): string {
  if (!(error instanceof ApiumError)) return messageOf(error);
  return (error.fields ?? []).map(({ field, message }) => `${field}: ${message}`).join("; ") || error.message;
}
