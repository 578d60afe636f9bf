// Every operation on schedules. Changing one sets its next slot anew, from now on: an edit never fires anything, and
// never lets a slot be forgotten unseen.
import type { Database, Transaction } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import { changeSchedule, digestOf, parsePreview, parseSchedule, type ScheduleDefinition } from "./definition.ts";
import { type FiringParts, scheduleOptions } from "./firing.ts";
import {
  allSchedules,
  claimSchedules,
  definitionOf,
  deleteSchedule,
  deleteUnclaimed,
  dropSlots,
  findSchedule,
  insertSchedule,
  lockSchedule,
  missHistory,
  recordMiss,
  recordStanding,
  replaceSchedule,
  type StoredSchedule,
  slotFired,
  slotHistory,
  takeSlots,
  waitingSlots,
} from "./store.ts";
import { occurrencesOf, upcoming } from "./timing.ts";
import { type HistoryView, historyView, problemOf, type ScheduleView, viewOf } from "./view.ts";

const MOST_BACKFILLED = 1_000;
const UNCLAIMED_MS = 600_000;

export interface Backfill {
  readonly slots: readonly string[];
  readonly taskIds: readonly string[];
}

export class Schedules {
  readonly #parts: FiringParts;
  readonly #database: Database;

  constructor(parts: FiringParts) {
    this.#parts = parts;
    this.#database = parts.database;
  }

  async list(): Promise<ScheduleView[]> {
    return (await allSchedules(this.#database)).map(viewOf);
  }

  /** Every definition, or the one of this name, for the checks; and what cannot be read any more. */
  async definitions(only?: string): Promise<{
    readonly schedules: readonly { readonly definition: ScheduleDefinition; readonly nextRunAt: number | null }[];
    readonly unreadable: readonly { readonly name: string; readonly problem: string }[];
  }> {
    const schedules: { definition: ScheduleDefinition; nextRunAt: number | null }[] = [];
    const unreadable: { name: string; problem: string }[] = [];
    const rows = only === undefined ? await allSchedules(this.#database) : [await findSchedule(this.#database, only)];
    for (const row of rows) {
      if (row === undefined) continue;
      try {
        schedules.push({ definition: definitionOf(row), nextRunAt: row.nextRunAt });
      } catch (error) {
        unreadable.push({ name: row.name, problem: problemOf(error) });
      }
    }
    return { schedules, unreadable };
  }

  /** @throws ApiumError `SCHEDULE_NOT_FOUND`. */
  async get(name: string): Promise<ScheduleView> {
    return viewOf(found(await findSchedule(this.#database, name), name));
  }

  /** @throws ApiumError `PARAMS_INVALID` with the fields named, `SCHEDULE_EXISTS`. */
  async create(input: unknown, by: string | null = null): Promise<ScheduleView> {
    const definition = parseSchedule(input);
    const nextRunAt = this.#nextFrom(definition);
    if (definition.timing.kind === "clocked" && nextRunAt === undefined) {
      throw new ApiumError("PARAMS_INVALID", "the schedule would never fire", {
        fields: [{ field: "at", message: "is in the past, or outside startAt and endAt" }],
      });
    }
    await this.#database.transaction(async (tx) => {
      const isNew = await insertSchedule(tx, definition, { origin: "api", digest: null, nextRunAt, by });
      if (!isNew) throw new ApiumError("SCHEDULE_EXISTS", `there is a schedule "${definition.name}" already`);
    });
    return this.get(definition.name);
  }

  /**
   * Changes fields; null takes an optional one away.
   * @throws ApiumError `PARAMS_INVALID` with the fields named, `SCHEDULE_NOT_FOUND`.
   */
  async change(
    name: string,
    change: Readonly<Record<string, unknown>>,
    by: string | null = null,
  ): Promise<ScheduleView> {
    await this.#database.transaction(async (tx) => {
      const row = found(await lockSchedule(tx, name), name);
      const changed = changeSchedule(
        { ...(row.definition as object), enabled: row.enabled, name },
        { ...change, name },
      );
      await this.#replace(tx, row, changed, { origin: row.origin, digest: row.digest, by });
    });
    return this.get(name);
  }

  /** @throws ApiumError `SCHEDULE_NOT_FOUND`, `SCHEDULE_OF_CODE`. */
  async remove(name: string): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const row = found(await lockSchedule(tx, name), name);
      if (row.origin === "code")
        throw new ApiumError("SCHEDULE_OF_CODE", `"${name}" is defined in code; disable it instead`);
      await withdrawWaiting(tx, row, "the schedule was deleted");
      await deleteSchedule(tx, name);
    });
  }

  /**
   * Runs a schedule's task now, whatever its slots and its overlap policy say. The next slot stays.
   * @throws ApiumError `SCHEDULE_NOT_FOUND`, `TASK_UNKNOWN`, `PARAMS_INVALID`.
   */
  async run(name: string): Promise<AcceptedTask> {
    return this.#database.transaction(async (tx) => {
      const row = found(await lockSchedule(tx, name), name);
      const definition = definitionOf(row);
      const slot = Math.floor(this.#parts.clock.now());
      const { eta: _eta, ...options } = scheduleOptions(definition, slot, 0);
      const task = this.#parts.registry.get(definition.task);
      const accepted = await this.#parts.enqueue(task, definition.params, { ...options, tx });
      await takeSlots(tx, name, [slot], { state: "manual", isLate: false });
      await slotFired(tx, name, slot, accepted.id);
      await recordStanding(tx, name, {
        ...row,
        nextRunAt: row.nextRunAt ?? undefined,
        fired: 1,
        lastTaskId: accepted.id,
      });
      return accepted;
    });
  }

  /**
   * Runs the slots of a stretch of time that have not run: what was missed, made up for. A slot that has run does not run
   * again, and neither overlap nor expiry stand in the way.
   * @returns the slots, and the ids of their tasks (none with `dryRun`).
   * @throws ApiumError `SCHEDULE_NOT_FOUND`, `PARAMS_INVALID`, `TASK_UNKNOWN`.
   */
  async backfill(name: string, stretch: { from: Date; to: Date; dryRun: boolean }): Promise<Backfill> {
    const from = stretch.from.getTime();
    const to = Math.min(stretch.to.getTime(), this.#parts.clock.now());
    return this.#database.transaction(async (tx) => {
      const row = found(await lockSchedule(tx, name), name);
      const definition = definitionOf(row);
      const slots = upcoming(slotsOf(definition), from - 1, MOST_BACKFILLED + 1).filter((slot) => slot <= to);
      if (slots.length > MOST_BACKFILLED) {
        const message = `holds more than ${MOST_BACKFILLED} slots; take a shorter stretch`;
        throw new ApiumError("PARAMS_INVALID", message, { fields: [{ field: "to", message }] });
      }
      const task = this.#parts.registry.get(definition.task);
      const fresh = await takeSlots(tx, name, slots, { state: "fired", isLate: true });
      if (stretch.dryRun) {
        await dropSlots(tx, name, fresh);
        return { slots: isoList(fresh), taskIds: [] };
      }
      const taskIds: string[] = [];
      for (const slot of fresh) {
        const { eta: _eta, expires: _expires, ...options } = scheduleOptions(definition, slot, 0);
        const accepted = await this.#parts.enqueue(task, definition.params, { ...options, tx });
        await slotFired(tx, name, slot, accepted.id);
        taskIds.push(accepted.id);
      }
      const lastTaskId = taskIds.at(-1) ?? row.lastTaskId;
      await recordStanding(tx, name, {
        ...row,
        nextRunAt: row.nextRunAt ?? undefined,
        fired: fresh.length,
        lastTaskId,
      });
      return { slots: isoList(fresh), taskIds };
    });
  }

  /** The next slots, as ISO instants. @throws ApiumError `SCHEDULE_NOT_FOUND`, `PARAMS_INVALID`. */
  async next(name: string, count: number): Promise<string[]> {
    const definition = definitionOf(found(await findSchedule(this.#database, name), name));
    return isoList(upcoming(slotsOf(definition), this.#parts.clock.now(), count));
  }

  /** The next slots of any timing, within `startAt` and `endAt`. @throws ApiumError `PARAMS_INVALID` with the fields named. */
  preview(input: unknown): string[] {
    const { from, n, ...when } = parsePreview(input);
    return isoList(upcoming(slotsOf(when), from ?? this.#parts.clock.now(), n));
  }

  /** What became of the latest slots. @throws ApiumError `SCHEDULE_NOT_FOUND`. */
  async history(name: string, limit: number): Promise<HistoryView> {
    const [row, runs, misses] = await Promise.all([
      findSchedule(this.#database, name),
      slotHistory(this.#database, name, limit),
      missHistory(this.#database, name, limit),
    ]);
    // A deleted schedule's history can still be read.
    if (row === undefined && runs.length === 0 && misses.length === 0) found(row, name);
    return historyView(runs, misses);
  }

  /**
   * Brings the schedules defined in code into the books: a changed definition replaces (an operator's disabling stays), an
   * unchanged one keeps its place. History is kept.
   */
  async synchronise(definitions: readonly ScheduleDefinition[]): Promise<void> {
    for (const definition of definitions) {
      await this.#database.transaction((tx) => this.#synchroniseOne(tx, definition));
    }
    await this.claim(definitions);
  }

  /**
   * Says that this process's code has these schedules; to be repeated every minute. Those that nobody's code has had for
   * ten minutes are deleted: not at once, or during a deploy an old process that starts anew would delete the new ones.
   */
  async claim(definitions: readonly ScheduleDefinition[]): Promise<void> {
    await claimSchedules(
      this.#database,
      definitions.map(({ name }) => name),
    );
    for (const name of await deleteUnclaimed(this.#database, UNCLAIMED_MS)) {
      this.#parts.log.info(`schedule ${name} is in nobody's code any more and was deleted`);
    }
  }

  async #synchroniseOne(tx: Transaction, definition: ScheduleDefinition): Promise<void> {
    const digest = digestOf(definition);
    const kept = { origin: "code" as const, digest, by: null };
    if (await insertSchedule(tx, definition, { ...kept, nextRunAt: this.#nextFrom(definition) })) return;
    const row = found(await lockSchedule(tx, definition.name), definition.name);
    if (row.digest === digest) return;
    const wasDisabled = row.origin === "code" && !row.enabled;
    await this.#replace(tx, row, { ...definition, enabled: definition.enabled && !wasDisabled }, kept);
    this.#parts.log.info(`schedule ${definition.name} has changed in the code; its next slot is set anew`);
  }

  async #replace(
    tx: Transaction,
    row: StoredSchedule,
    definition: ScheduleDefinition,
    kept: { origin: StoredSchedule["origin"]; digest: string | null; by: string | null },
  ): Promise<void> {
    const isSameTiming = timingKey(definition) === timingKeyOf(row);
    let { nextRunAt } = row;
    if (!isSameTiming) {
      await this.#recordForgotten(tx, row);
      nextRunAt = this.#nextFrom(definition) ?? null;
    }
    if (!definition.enabled) await withdrawWaiting(tx, row, "the schedule was disabled");
    await replaceSchedule(tx, definition, { ...kept, nextRunAt });
  }

  /** A slot that has passed and was not yet looked at would be forgotten by setting the next one anew. */
  async #recordForgotten(tx: Transaction, row: StoredSchedule): Promise<void> {
    const { nextRunAt, enabled } = row;
    const now = this.#parts.clock.now();
    if (!enabled || nextRunAt === null || nextRunAt > now) return;
    const range = { from: nextRunAt, to: nextRunAt, slots: 1, isAtLeast: true };
    await recordMiss(tx, row.name, range, "withdrawn", "the schedule was changed before it had run");
  }

  #nextFrom(definition: ScheduleDefinition): number | undefined {
    return slotsOf(definition).next(this.#parts.clock.now());
  }
}

function slotsOf(definition: Pick<ScheduleDefinition, "timing" | "timezone" | "startAt" | "endAt">) {
  const validity = { start: definition.startAt ?? undefined, end: definition.endAt ?? undefined };
  return occurrencesOf(definition.timing, definition.timezone, validity);
}

/** What the next slot hangs on. */
function timingKey({ timing, timezone, startAt, endAt, enabled }: ScheduleDefinition): string {
  return JSON.stringify([timing, timezone, startAt, endAt, enabled]);
}

function timingKeyOf(row: StoredSchedule): string | undefined {
  try {
    return timingKey(definitionOf(row));
  } catch {
    return undefined;
  }
}

async function withdrawWaiting(tx: Transaction, row: StoredSchedule, detail: string): Promise<void> {
  if (row.waitingSlots === 0) return;
  const slots = (await waitingSlots(tx, row.name)).map(({ slot }) => slot);
  const [from] = slots;
  const to = slots.at(-1);
  if (from === undefined || to === undefined) return;
  await dropSlots(tx, row.name, slots);
  await recordMiss(tx, row.name, { from, to, slots: slots.length, isAtLeast: false }, "withdrawn", detail);
  await recordStanding(tx, row.name, { ...row, nextRunAt: row.nextRunAt ?? undefined, fired: 0, waitingSlots: 0 });
}

function found(row: StoredSchedule | undefined, name: string): StoredSchedule {
  if (row === undefined) throw new ApiumError("SCHEDULE_NOT_FOUND", `there is no schedule "${name}"`);
  return row;
}

function isoList(instants: readonly number[]): string[] {
  return instants.map((instant) => new Date(instant).toISOString());
}
