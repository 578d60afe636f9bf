// The worker's lease on everything it runs: one row, one small statement every two seconds, in the database's own
// time. The answer brings what was revoked meanwhile. While a handler blocks the event loop, a deputy in a thread of its
// own renews. A worker whose row says that it is lost has lost its tasks, and one that can reach no row for a whole lease
// must think so; a row that was renewed late and is not lost has lost nothing, because a rescuer marks it first.
import type { Database, Deputy, Parameter, Statement } from "../../database/index.ts";
import { textArray } from "../../database/index.ts";
import type { Cancel } from "../contract/clock.ts";
import { SystemClock } from "../contract/clock.ts";
import type { Foundation } from "../contract/foundation.ts";
import type { Revocation } from "./run.ts";

export const HEARTBEAT_MS = 2_000;
/** A worker silent for this long has lost its tasks. */
export const LEASE_MS = 7_000;
const RETRY_HEARTBEAT_MS = 500;
/** The deputy renews when the main thread is this late: a heartbeat and a half, and well before the lease is over. */
const DEPUTY_AFTER_MS = 3_000;
/**
 * A main thread that has been blocked for longer has its tasks taken by others: an endless loop must not hold them for
 * ever. Work that computes longer than this without a pause belongs into `isolation`.
 */
const LONGEST_BLOCK_MS = 300_000;

export interface WorkerIdentity {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

export interface LeaseEvents {
  /** A task this worker runs was revoked. */
  revoked(taskId: string, attempt: number, revocation: Revocation): void;
  /** The lease has lapsed: everything that runs is lost. */
  lost(): void;
  /** Numbers for whoever looks at the worker's row. */
  stats(): unknown;
}

const REGISTER: Statement = {
  name: "worker_register",
  text: `insert into worker (id, host, pid, queues, tasks, concurrency)
         values ($1, $2, $3, $4::text::text[], $5::text::text[], $6)
         on conflict (id) do update set heartbeat_at = clock_timestamp(), state = 'running', queues = excluded.queues,
                                        concurrency = excluded.concurrency`,
};

const DESCRIBE: Statement = {
  name: "worker_describe",
  text: "update worker set queues = $2::text::text[], concurrency = $3 where id = $1",
};

const BEAT: Statement = {
  name: "worker_beat",
  text: `
with beat as (
  update worker set heartbeat_at = clock_timestamp(), stats = $2::json where id = $1 and state <> 'lost' returning 1)
select (select count(*)::integer from beat) as alive, extract(epoch from clock_timestamp()) * 1000 as now_ms,
  (select json_agg(json_build_object('id', id, 'attempt', attempt, 'revocation', revocation))
   from task where worker = $1 and revocation is not null) as revoked`,
};

/** All that the deputy does: what else a heartbeat brings is of no use to a blocked thread. */
const RENEW: Statement = {
  name: "worker_renew",
  text: "update worker set heartbeat_at = clock_timestamp() where id = $1 and state <> 'lost'",
};

interface BeatRow {
  readonly alive: number;
  readonly now_ms: number;
  readonly revoked: { readonly id: string; readonly attempt: number; readonly revocation: Revocation }[] | null;
}

export class Lease {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #identity: WorkerIdentity;
  readonly #events: LeaseEvents;
  #registration: readonly Parameter[] = [];
  #renewedAt: number;
  #deputy: Deputy | undefined;
  #cancel: Cancel = () => {};
  #stopped = false;
  #beating: Promise<void> = Promise.resolve();

  constructor(database: Database, parts: Foundation, identity: WorkerIdentity, events: LeaseEvents) {
    this.#database = database;
    this.#parts = parts;
    this.#identity = identity;
    this.#events = events;
    this.#renewedAt = parts.clock.monotonic();
  }

  async start(queues: readonly string[], tasks: readonly string[], concurrency: number): Promise<void> {
    const { id, host, pid } = this.#identity;
    this.#registration = [id, host, pid, textArray(queues), textArray(tasks), concurrency];
    await this.#database.query(REGISTER, this.#registration);
    this.#renewedAt = this.#parts.clock.monotonic();
    this.#deputise();
    this.#schedule(HEARTBEAT_MS);
  }

  /** Its queues or slots have changed: its row says so, and so does the one it would come back with. */
  async describe(queues: readonly string[], tasks: readonly string[], concurrency: number): Promise<void> {
    const { id, host, pid } = this.#identity;
    this.#registration = [id, host, pid, textArray(queues), textArray(tasks), concurrency];
    await this.#database.query(DESCRIBE, [id, textArray(queues), concurrency]);
  }

  /** Milliseconds since the lease was last renewed. */
  get age(): number {
    const own = this.#parts.clock.monotonic() - this.#renewedAt;
    return Math.min(own, this.#deputy?.ageMs() ?? own);
  }

  /** Renews now; used when a hint says that something was revoked. */
  beat(): Promise<void> {
    this.#beating = this.#beating.then(() => this.#beatOnce());
    return this.#beating;
  }

  /** Takes the row away: this worker holds nothing any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#beating;
    await this.#deputy?.stop();
    await this.#database.query("delete from worker where id = $1", [this.#identity.id]);
  }

  async draining(): Promise<void> {
    await this.#database.query("update worker set state = 'draining' where id = $1 and state = 'running'", [
      this.#identity.id,
    ]);
  }

  /** On a clock that tests move, nobody is late. */
  #deputise(): void {
    const { clock, log } = this.#parts;
    if (!(clock instanceof SystemClock)) return;
    this.#deputy = this.#database.deputise?.({
      statement: RENEW,
      parameters: [this.#identity.id],
      afterMs: DEPUTY_AFTER_MS,
      untilMs: LONGEST_BLOCK_MS,
      onRefused: () => void this.beat(),
      onError: (message) => log.warn(`nobody renews the lease while a handler blocks this process: ${message}`),
    });
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.after(delayMs, () => void this.beat());
  }

  async #beatOnce(): Promise<void> {
    if (this.#stopped) return;
    this.#cancel();
    this.#deputy?.alive();
    const { clock, log } = this.#parts;
    const asked = clock.monotonic();
    let next = HEARTBEAT_MS;
    try {
      const stats = JSON.stringify(this.#events.stats());
      const { rows } = await this.#database.relaxed.query<BeatRow>(BEAT, [this.#identity.id, stats]);
      const row = rows[0];
      if (row === undefined || row.alive === 0) {
        this.#lost("its row says so");
        await this.#comeBack();
        return;
      }
      if (clock instanceof SystemClock) clock.synchronise(Number(row.now_ms), clock.monotonic() - asked);
      this.#renewed(asked);
      for (const { id, attempt, revocation } of row.revoked ?? []) this.#events.revoked(id, attempt, revocation);
    } catch (error) {
      log.warn("could not renew the worker's lease; trying again", error);
      next = RETRY_HEARTBEAT_MS;
      if (this.age > LEASE_MS) this.#lost(`it could not reach the database for ${Math.round(this.age)} ms`);
    } finally {
      this.#schedule(next);
    }
  }

  #renewed(at: number): void {
    this.#renewedAt = at;
    this.#deputy?.done();
  }

  #lost(why: string): void {
    this.#parts.log.error(`worker ${this.#identity.id} has lost its lease: ${why}`);
    this.#events.lost();
  }

  /**
   * While its row says "lost", or is gone after a minute of silence, it can claim nothing. What it ran is given up; it
   * may take new work.
   */
  async #comeBack(): Promise<void> {
    await this.#database.query(REGISTER, this.#registration);
    this.#renewed(this.#parts.clock.monotonic());
  }
}
