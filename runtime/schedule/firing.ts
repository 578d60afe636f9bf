// The firing of one schedule: in one transaction its due slots are taken, their tasks are accepted, and the next slot is
// set. Whoever else tries finds the row held, or moved on, or the slot taken. A process that freezes in the middle loses
// its transaction after a moment, and with it nothing.
import type { Database, Transaction } from "../../database/index.ts";
import { ERRORS } from "../contract/error-catalogue.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import type { TaskRegistry } from "../contract/registry.ts";
import type { CallOptions, TaskCaller } from "../contract/task-definition.ts";
import { atDoor } from "../telemetry/index.ts";
import type { ScheduleDefinition } from "./definition.ts";
import { planSlots, type SlotPlan, type SlotRange } from "./misfire.ts";
import { type DueSlot, turnOf } from "./overlap.ts";
import {
  definitionOf,
  dropSlots,
  isLive,
  keepWaiting,
  lockDue,
  type MissReason,
  recordMiss,
  recordStanding,
  type StoredSchedule,
  slotFired,
  takeSlots,
  waitingSlots,
} from "./store.ts";
import { occurrencesOf } from "./timing.ts";
import { problemOf } from "./view.ts";

/** A frozen process gives its schedule back after this long. */
const FROZEN_AFTER_MS = 2_000;

export interface FiringParts extends Foundation {
  readonly database: Database;
  readonly registry: TaskRegistry;
  readonly enqueue: TaskCaller["enqueue"];
}

/** What the event `schedule.fired` tells. */
export interface FiredSlot {
  readonly schedule: string;
  readonly task: string;
  /** ISO 8601. */
  readonly slot: string;
  readonly taskId: string;
  /** Milliseconds from the slot to its task's acceptance. */
  readonly latenessMs: number;
  readonly isLate: boolean;
}

/** What the event `schedule.missed` tells: slots that did not run, or (`ran`) did so too late to count as in time. */
export interface MissedSlots {
  readonly schedule: string;
  readonly task: string;
  readonly from: string;
  readonly to: string;
  readonly slots: number;
  readonly isAtLeast: boolean;
  readonly reason: MissReason;
  readonly detail: string | undefined;
  readonly ran: boolean;
}

export interface Firing {
  readonly fired: readonly FiredSlot[];
  readonly missed: readonly MissedSlots[];
}

/** Fires what is due of a schedule; `undefined` when somebody else has, or nothing is. */
export function fireDue(parts: FiringParts, name: string): Promise<Firing | undefined> {
  return parts.database.transaction(
    async (tx) => {
      const now = parts.clock.now();
      const row = await lockDue(tx, name, now);
      return row === undefined ? undefined : new Firer(parts, tx, row, now).fire();
    },
    { idleTimeoutMs: FROZEN_AFTER_MS },
  );
}

class Firer {
  readonly #parts: FiringParts;
  readonly #tx: Transaction;
  readonly #row: StoredSchedule;
  readonly #now: number;
  readonly #fired: FiredSlot[] = [];
  readonly #missed: MissedSlots[] = [];
  #lastTaskId: string | null;

  constructor(parts: FiringParts, tx: Transaction, row: StoredSchedule, now: number) {
    this.#parts = parts;
    this.#tx = tx;
    this.#row = row;
    this.#now = now;
    this.#lastTaskId = row.lastTaskId;
  }

  async fire(): Promise<Firing> {
    let definition: ScheduleDefinition;
    try {
      definition = definitionOf(this.#row);
    } catch (error) {
      return this.#giveUp(error);
    }
    const plan = this.#plan(definition);
    if (plan.missed !== undefined) await this.#miss(definition, plan.missed, "late");
    const fresh = await this.#take(definition.oneOff ? plan.fire.slice(-1) : plan.fire);
    const waiting = await this.#start(definition, fresh);
    const isOver = definition.oneOff && this.#fired.length > 0;
    await recordStanding(this.#tx, definition.name, {
      nextRunAt: plan.next,
      enabled: !isOver,
      fired: this.#fired.length,
      lastTaskId: this.#lastTaskId,
      waitingSlots: waiting,
    });
    return { fired: this.#fired, missed: this.#missed };
  }

  #plan(definition: ScheduleDefinition): SlotPlan {
    const from = this.#row.nextRunAt;
    if (from === null || from > this.#now) return { fire: [], missed: undefined, next: from ?? undefined };
    const validity = { start: definition.startAt ?? undefined, end: definition.endAt ?? undefined };
    const occurrences = occurrencesOf(definition.timing, definition.timezone, validity);
    const rule = { policy: definition.misfire, graceMs: definition.misfireGraceMs, cap: definition.misfireCap };
    return planSlots(occurrences, from, this.#now, rule);
  }

  async #take(slots: readonly DueSlot[]): Promise<DueSlot[]> {
    const taken: DueSlot[] = [];
    for (const isLate of [true, false]) {
      const wanted = slots.filter((due) => due.isLate === isLate).map(({ slot }) => slot);
      const got = await takeSlots(this.#tx, this.#row.name, wanted, { state: "fired", isLate });
      taken.push(...got.map((slot) => ({ slot, isLate })));
    }
    return taken.sort((a, b) => a.slot - b.slot);
  }

  /** Enqueues what may run now and keeps what must wait. Gives the number of slots that wait. */
  async #start(definition: ScheduleDefinition, fresh: readonly DueSlot[]): Promise<number> {
    const queued = this.#row.waitingSlots > 0 ? await waitingSlots(this.#tx, definition.name) : [];
    const isBusy = definition.overlap !== "allow" && (await isLive(this.#tx, this.#row.lastTaskId));
    const { start, wait, leaveOut, why } = turnOf(
      definition.overlap,
      isBusy,
      [...queued, ...fresh],
      definition.misfireCap,
    );
    for (const due of start) await this.#enqueue(definition, due);
    await this.#leaveOut(definition, leaveOut, "overlap", why);
    await keepWaiting(
      this.#tx,
      definition.name,
      wait.map(({ slot }) => slot),
    );
    return wait.length;
  }

  async #enqueue(definition: ScheduleDefinition, due: DueSlot): Promise<void> {
    const { name, task: taskName } = definition;
    const expiresAt = definition.expiresMs === null ? undefined : due.slot + definition.expiresMs;
    if (expiresAt !== undefined && expiresAt <= this.#now) {
      return this.#leaveOut(definition, [due], "expired", "its time was over before it could run");
    }
    try {
      const task = this.#parts.registry.get(taskName);
      const options = scheduleOptions(definition, due.slot, this.#parts.random.fraction());
      const slot = new Date(due.slot).toISOString();
      const start = { name: `schedule ${name}`, attributes: { "apium.schedule": name, "apium.slot": slot } };
      const call = () => this.#parts.enqueue(task, definition.params, { ...options, tx: this.#tx });
      const accepted = await atDoor(start, call);
      await slotFired(this.#tx, name, due.slot, accepted.id);
      this.#lastTaskId = accepted.id;
      const latenessMs = Math.max(0, Math.round(this.#now - due.slot));
      this.#fired.push({ schedule: name, task: taskName, slot, taskId: accepted.id, latenessMs, isLate: due.isLate });
      if (due.isLate) this.#tell(definition, rangeOf([due]), "late", undefined, true);
    } catch (error) {
      // Refused before any statement: the transaction is whole, and the same will be refused the next time too.
      if (!(error instanceof ApiumError) || ERRORS[error.code].retryable || ERRORS[error.code].status >= 500)
        throw error;
      await this.#leaveOut(definition, [due], "refused", `${error.code}: ${error.message}`);
    }
  }

  async #leaveOut(definition: ScheduleDefinition, slots: readonly DueSlot[], reason: MissReason, detail: string) {
    if (slots.length === 0) return;
    await dropSlots(
      this.#tx,
      definition.name,
      slots.map(({ slot }) => slot),
    );
    await this.#miss(definition, rangeOf(slots), reason, detail);
  }

  async #miss(definition: ScheduleDefinition, range: SlotRange, reason: MissReason, detail?: string): Promise<void> {
    await recordMiss(this.#tx, definition.name, range, reason, detail);
    this.#tell(definition, range, reason, detail, false);
  }

  #tell(
    definition: ScheduleDefinition,
    range: SlotRange,
    reason: MissReason,
    detail: string | undefined,
    ran: boolean,
  ) {
    this.#missed.push({
      schedule: definition.name,
      task: definition.task,
      from: new Date(range.from).toISOString(),
      to: new Date(range.to).toISOString(),
      slots: range.slots,
      isAtLeast: range.isAtLeast,
      reason,
      detail,
      ran,
    });
  }

  /** The stored definition is not valid any more (a zone that is gone, a rule that is new): it stands still, and says so. */
  async #giveUp(error: unknown): Promise<Firing> {
    if (!(error instanceof ApiumError)) throw error;
    const slot = this.#row.nextRunAt ?? this.#now;
    const problem = problemOf(error);
    await recordMiss(this.#tx, this.#row.name, rangeOf([{ slot }]), "refused", problem);
    await recordStanding(this.#tx, this.#row.name, {
      nextRunAt: undefined,
      enabled: true,
      fired: 0,
      lastTaskId: this.#row.lastTaskId,
      waitingSlots: this.#row.waitingSlots,
    });
    this.#parts.log.error(`schedule ${this.#row.name} can no longer be read and does not fire: ${problem}`);
    return { fired: [], missed: this.#missed };
  }
}

/** What a run of a schedule is enqueued with. `chance` (0–1) places it within the jitter. */
export function scheduleOptions(definition: ScheduleDefinition, slot: number, chance: number): CallOptions {
  const { jitterMs, expiresMs, queue, priority, name } = definition;
  return {
    headers: { schedule: name, slot: new Date(slot).toISOString() },
    ...(jitterMs > 0 ? { eta: new Date(slot + Math.floor(chance * jitterMs)) } : {}),
    ...(expiresMs === null ? {} : { expires: new Date(slot + expiresMs) }),
    ...(queue === null ? {} : { queue }),
    ...(priority === null ? {} : { priority }),
  };
}

function rangeOf(slots: readonly { readonly slot: number }[]): SlotRange {
  const instants = slots.map(({ slot }) => slot);
  return { from: Math.min(...instants), to: Math.max(...instants), slots: instants.length, isAtLeast: false };
}
