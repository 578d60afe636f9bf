// The worker's lease on everything it runs: one row, one small statement every two seconds, in the database's own
// time. The answer brings what was revoked meanwhile. A worker that could not renew for a whole lease must think its
// tasks lost; a worker whose row says so knows it.
import type { Database, Statement } from "../../database/index.ts";
import { textArray } from "../../database/index.ts";
import type { Cancel } from "../contract/clock.ts";
import { SystemClock } from "../contract/clock.ts";
import type { Foundation } from "../contract/foundation.ts";
import type { Revocation } from "./run.ts";

export const HEARTBEAT_MS = 2_000;
/** A worker silent for this long has lost its tasks. */
export const LEASE_MS = 7_000;
const RETRY_HEARTBEAT_MS = 500;

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
         on conflict (id) do update set heartbeat_at = clock_timestamp(), state = 'running', queues = excluded.queues`,
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
  #renewedAt: number;
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
    await this.#database.query(REGISTER, [id, host, pid, textArray(queues), textArray(tasks), concurrency]);
    this.#renewedAt = this.#parts.clock.monotonic();
    this.#schedule(HEARTBEAT_MS);
  }

  /** Milliseconds since the lease was last renewed. */
  get age(): number {
    return this.#parts.clock.monotonic() - this.#renewedAt;
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
    await this.#database.query("delete from worker where id = $1", [this.#identity.id]);
  }

  async draining(): Promise<void> {
    await this.#database.query("update worker set state = 'draining' where id = $1 and state = 'running'", [
      this.#identity.id,
    ]);
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.after(delayMs, () => void this.beat());
  }

  async #beatOnce(): Promise<void> {
    if (this.#stopped) return;
    this.#cancel();
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
      // The question was asked at `asked`; the row may be as old as that.
      if (asked - this.#renewedAt > LEASE_MS) this.#lost(`it was silent for ${Math.round(asked - this.#renewedAt)} ms`);
      this.#renewedAt = asked;
      for (const { id, attempt, revocation } of row.revoked ?? []) this.#events.revoked(id, attempt, revocation);
    } catch (error) {
      log.warn("could not renew the worker's lease; trying again", error);
      next = RETRY_HEARTBEAT_MS;
      if (this.age > LEASE_MS) this.#lost(`it could not reach the database for ${Math.round(this.age)} ms`);
    } finally {
      this.#schedule(next);
    }
  }

  #lost(why: string): void {
    this.#parts.log.error(`worker ${this.#identity.id} has lost its lease: ${why}`);
    this.#events.lost();
  }

  /** While its row says "lost" it can claim nothing. What it ran is given up; it may take new work. */
  async #comeBack(): Promise<void> {
    await this.#database.query("update worker set state = 'running', heartbeat_at = clock_timestamp() where id = $1", [
      this.#identity.id,
    ]);
    this.#renewedAt = this.#parts.clock.monotonic();
  }
}
