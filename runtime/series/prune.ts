// Figures that are older than their level is kept for go, in bounded batches.
import type { Database } from "../../database/index.ts";
import { LEVELS, stepSeconds } from "./levels.ts";

const BATCH_ROWS = 5_000;

/** @param now - milliseconds since the epoch. */
export async function pruneSeries(database: Database, now: number): Promise<void> {
  for (const table of ["series_end", "series_queue"]) {
    for (const level of LEVELS) await pruneLevel(database, table, stepSeconds(level), now - level.keepMs);
  }
}

async function pruneLevel(database: Database, table: string, step: number, before: number): Promise<void> {
  for (;;) {
    const { affected } = await database.query(
      `delete from ${table} where ctid = any(array(
         select ctid from ${table} where step = $1::smallint and at < $2::timestamptz limit ${BATCH_ROWS}))`,
      [step, new Date(before).toISOString()],
    );
    if (affected < BATCH_ROWS) return;
  }
}
