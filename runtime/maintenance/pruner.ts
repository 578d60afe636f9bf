// The pruner: makes tomorrow's partitions and drops those that have outlived their retention. Nothing is deleted row
// by row where a partition can be dropped; what cannot is deleted in bounded batches.
import type { Database, Transaction } from "../../database/index.ts";
import type { Foundation } from "../contract/foundation.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Partitions exist this far ahead, so that a pruner that is down for a night does no harm. */
const AHEAD_MS = 3 * DAY_MS;
const BATCH_ROWS = 5_000;
const LOCK_KEY = 4_201_118;

interface Partitioned {
  readonly table: string;
  readonly column: string;
  readonly widthMs: number;
}

const HISTORY: Partitioned = { table: "task_history", column: "finished_at", widthMs: DAY_MS };
const ATTEMPTS: Partitioned = { table: "task_attempt", column: "ended_at", widthMs: DAY_MS };
const LOGS: Partitioned = { table: "task_log", column: "at", widthMs: DAY_MS };
const RESULTS: Partitioned = { table: "task_result", column: "bucket", widthMs: 6 * HOUR_MS };

export interface PrunerOptions {
  readonly historyRetentionMs: number;
  readonly auditRetentionMs: number;
}

export class Pruner {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #options: PrunerOptions;

  constructor(database: Database, parts: Foundation, options: PrunerOptions) {
    this.#database = database;
    this.#parts = parts;
    this.#options = options;
  }

  /** Makes the partitions that are needed soon. Before anything finishes. */
  async prepare(): Promise<void> {
    const now = this.#parts.clock.now();
    const wanted = [HISTORY, ATTEMPTS, LOGS, RESULTS].flatMap((kind) => partitionsBetween(kind, now, now + AHEAD_MS));
    const existing = await this.#existing();
    const missing = wanted.filter((partition) => !existing.has(partition.name));
    if (missing.length === 0) return;
    await this.#database.transaction(async (tx) => {
      await tx.query("select pg_advisory_xact_lock($1::bigint)", [LOCK_KEY]);
      for (const partition of missing) await create(tx, partition);
    });
  }

  /** Drops and deletes what is too old. */
  async prune(): Promise<void> {
    const now = this.#parts.clock.now();
    const oldest = now - this.#options.historyRetentionMs;
    await this.#dropBefore(HISTORY, oldest);
    await this.#dropBefore(ATTEMPTS, oldest);
    await this.#dropBefore(LOGS, oldest);
    await this.#dropBefore(RESULTS, now);
    const cutoff = new Date(oldest).toISOString();
    await this.#deleteBatches("task_history_default", "finished_at < $1::timestamptz", cutoff);
    await this.#deleteBatches("task_attempt_default", "ended_at < $1::timestamptz", cutoff);
    await this.#deleteBatches("task_log_default", "at < $1::timestamptz", cutoff);
    await this.#deleteBatches("task_result_default", "expires_at < $1::timestamptz", new Date(now).toISOString());
    await this.#deleteBatches(
      "task_given_id",
      "created_at < $1::timestamptz and not exists (select 1 from task t where t.id = task_given_id.id)",
      cutoff,
    );
    await this.#deleteBatches("dead_letter", "handled_at < $1::timestamptz", cutoff);
    await this.#deleteBatches(
      "task_child",
      `$1::timestamptz is not null and not exists (select 1 from task t where t.id = task_child.parent_id)
       and not exists (select 1 from task_history h where h.id = task_child.parent_id)`,
      cutoff,
    );
    await this.#deleteBatches("task_rate", "next_at < $1::timestamptz", new Date(now - DAY_MS).toISOString());
    const oldestAudit = new Date(now - this.#options.auditRetentionMs).toISOString();
    await this.#deleteBatches("audit", "at < $1::timestamptz", oldestAudit);
  }

  async #existing(): Promise<Set<string>> {
    const { rows } = await this.#database.query<{ relname: string }>(
      "select relname from pg_class where relispartition and relkind = 'r'",
    );
    return new Set(rows.map((row) => row.relname));
  }

  async #dropBefore(kind: Partitioned, instant: number): Promise<void> {
    const newestToDrop = nameOf(kind, instant - kind.widthMs);
    const pattern = new RegExp(`^${kind.table}_\\d{10}$`);
    for (const name of await this.#existing()) {
      // The names sort as their times do.
      if (pattern.test(name) && name < newestToDrop) await this.#database.script(`drop table if exists ${name}`);
    }
  }

  async #deleteBatches(table: string, condition: string, instant: string): Promise<void> {
    for (;;) {
      const { affected } = await this.#database.query(
        `delete from ${table} where ctid = any(array(select ctid from ${table} where ${condition} limit ${BATCH_ROWS}))`,
        [instant],
      );
      if (affected < BATCH_ROWS) return;
    }
  }
}

interface Partition {
  readonly kind: Partitioned;
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

function partitionsBetween(kind: Partitioned, from: number, to: number): Partition[] {
  const partitions: Partition[] = [];
  for (let start = Math.floor(from / kind.widthMs) * kind.widthMs; start <= to; start += kind.widthMs) {
    partitions.push({
      kind,
      name: nameOf(kind, start),
      from: new Date(start).toISOString(),
      to: new Date(start + kind.widthMs).toISOString(),
    });
  }
  return partitions;
}

function nameOf(kind: Partitioned, instant: number): string {
  const start = new Date(Math.floor(instant / kind.widthMs) * kind.widthMs).toISOString();
  return `${kind.table}_${start.slice(0, 13).replaceAll(/[-T]/g, "")}`;
}

/** Rows that went to the default partition meanwhile move over; otherwise PostgreSQL would refuse the new one. */
async function create(tx: Transaction, { kind, name, from, to }: Partition): Promise<void> {
  const parent = kind.table;
  await tx.query(`create table if not exists ${name} (like ${parent} including defaults including constraints)`);
  const { rows } = await tx.query("select 1 from pg_class where relname = $1 and relispartition", [name]);
  if (rows.length > 0) return;
  await tx.query(
    `with moved as (
       delete from ${parent}_default where ${kind.column} >= '${from}' and ${kind.column} < '${to}' returning *)
     insert into ${name} select * from moved`,
  );
  await tx.query(`alter table ${parent} attach partition ${name} for values from ('${from}') to ('${to}')`);
}
