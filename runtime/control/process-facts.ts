// Gathers what the checks of a process look at. Whatever is broken, that takes no longer than the limit.
import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Database } from "../../database/index.ts";
import type { Clock } from "../contract/clock.ts";
import { messageOf } from "../contract/errors.ts";
import { within } from "../contract/within.ts";
import type { TaskQueue } from "../queue/queue.ts";
import type { DiskRoom, ProcessFacts } from "./process-checks.ts";

const LIMIT_MS = 2_000;

export interface ProcessParts {
  readonly database: Database;
  readonly queue: TaskQueue;
  readonly clock: Clock;
  readonly dataDir: string | undefined;
  readonly lagP99Ms: () => number;
}

export async function processFacts(parts: ProcessParts, node: string): Promise<ProcessFacts> {
  const { clock, queue, dataDir, lagP99Ms } = parts;
  const soon = <Answer>(ask: () => Promise<Answer>) => within(clock, LIMIT_MS, ask);
  const [time, natsAway, disk] = await Promise.all([
    soon(() => databaseTime(parts)).then((aheadMs) => ({ aheadMs, away: undefined }), away),
    queue.kind === "jetstream" ? soon(() => queue.check()).then(() => undefined, messageOf) : undefined,
    // A folder that is not there yet, or cannot be looked at, is told by whoever needs it.
    dataDir === undefined ? undefined : soon(() => roomOf(resolve(dataDir))).catch(() => undefined),
  ]);
  return {
    ...{ node, host: hostname(), databaseAway: time.away, natsAway },
    ...{ machineAheadMs: time.aheadMs, lagP99Ms: lagP99Ms(), disk },
  };
}

function away(error: unknown): { readonly aheadMs: number; readonly away: string } {
  return { aheadMs: 0, away: messageOf(error) };
}

/** How far the machine is ahead at least: the answer was on its way for some of the time. */
async function databaseTime({ database, clock }: ProcessParts): Promise<number> {
  const [machine, asked] = [Date.now(), clock.monotonic()];
  const aheadMs = machine - (await database.now());
  const roundTripMs = clock.monotonic() - asked;
  // Asked at `machine`, answered at `machine + roundTripMs`: the database said its time in between.
  if (aheadMs + roundTripMs < 0) return aheadMs + roundTripMs;
  return Math.max(aheadMs, 0);
}

async function roomOf(path: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
