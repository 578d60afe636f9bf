// Gathers what the checks of a process look at. Whatever is broken, that takes no longer than the limit.
import { hostname } from "node:os";
import type { Database } from "../../database/index.ts";
import { answerWithin, NoAnswerError } from "../contract/answer-within.ts";
import type { Clock } from "../contract/clock.ts";
import { messageOf } from "../contract/errors.ts";
import type { TaskQueue } from "../queue/queue.ts";
import type { Disk } from "./disk.ts";
import type { ProcessFacts } from "./process-checks.ts";

const LIMIT_MS = 2_000;

export interface ProcessParts {
  readonly database: Database;
  readonly queue: TaskQueue;
  readonly clock: Clock;
  readonly disk: Disk | undefined;
  readonly lagP99Ms: () => number;
}

export async function processFacts(parts: ProcessParts, node: string): Promise<ProcessFacts> {
  const { clock, queue, disk, lagP99Ms } = parts;
  const soon = <Answer>(ask: () => Promise<Answer>) => answerWithin(clock, LIMIT_MS, ask);
  const [time, natsAway, room] = await Promise.all([
    soon(() => databaseTime(parts)).then((aheadMs) => ({ aheadMs, away: undefined }), away),
    queue.kind === "jetstream" ? soon(() => queue.check()).then(() => undefined, messageOf) : undefined,
    disk === undefined ? undefined : soon(() => disk.room()).catch(withoutRoom),
  ]);
  return {
    ...{ node, host: hostname(), databaseAway: time.away, natsAway },
    ...{ machineAheadMs: time.aheadMs, lagP99Ms: lagP99Ms(), dataDir: disk?.path, room },
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

/** A folder that is not there yet, or cannot be looked at, is told by whoever needs it. */
function withoutRoom(error: unknown): "silent" | undefined {
  return error instanceof NoAnswerError ? "silent" : undefined;
}
