// Revoking: what nobody runs ends REVOKED at once, in the books, so that no worker that comes back later can start it.
// What runs is told to stop through its row; its worker sees that with its next heartbeat, or at once when a hint
// arrives.
import type { Database } from "../../database/index.ts";
import { plainArray } from "../../database/index.ts";
import type { Duration } from "../contract/duration.ts";
import { durationMs } from "../contract/duration.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import { LANES } from "../contract/priority.ts";
import { queueNamed } from "../contract/queues.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { TaskQueue } from "../queue/queue.ts";
import { type Finished, finish } from "../results/index.ts";

const DEFAULT_GRACE_MS = 10_000;
export const BATCH_ROWS = 1_000;
/** Before every other. */
export const NO_ID = "00000000-0000-0000-0000-000000000000";

export interface RevokeOptions {
  /** End a running task too, after `grace`; without it a running task is only asked through its signal. */
  readonly terminate?: boolean | undefined;
  /** Time a running task has between its signal and its end. Default 10s. */
  readonly grace?: Duration | undefined;
  readonly by?: string | undefined;
}

/** `revoked`: it will not run. `requested`: it runs just now and was told. */
export type RevokeOutcome = "revoked" | "requested";

export interface RevokeParts extends Foundation {
  readonly database: Database;
  readonly queue: TaskQueue;
  readonly joinable: (parentIds: readonly string[]) => void;
  readonly ended: (ids: readonly string[]) => void;
  /** A running task was revoked: its worker may look. */
  readonly hintRevocation: () => void;
}

/** Revokes one task and its children. @throws ApiumError `TASK_NOT_FOUND`, `TASK_FINISHED`. */
export async function revokeTask(parts: RevokeParts, id: string, options: RevokeOptions = {}): Promise<RevokeOutcome> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  const { revoked, requested } = await revokeEach(parts, [id], options);
  if (revoked > 0) return "revoked";
  if (requested > 0) return "requested";
  const { rows } = await parts.database.query("select 1 from task_history where id = $1::uuid", [id]);
  if (rows.length > 0) throw new ApiumError("TASK_FINISHED", `task ${id} has already ended`);
  throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
}

/** Revokes what is left of the children of a parent that has ended, and of theirs. */
export async function revokeChildren(parts: RevokeParts, parentId: string, options: RevokeOptions = {}): Promise<void> {
  for (let after = NO_ID; ; ) {
    const { rows } = await parts.database.query<{ id: string }>(
      "select id from task where parent_id = $1::uuid and id > $2::uuid order by id limit $3::integer",
      [parentId, after, BATCH_ROWS],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
    await revokeEach(
      parts,
      rows.map(({ id }) => id),
      options,
    );
  }
}

/**
 * Revokes those of `ids` that live, and their children. Tasks move while this looks at them: what waited may run by now,
 * and the other way round; so it goes on with those it has missed until there are none.
 */
export async function revokeEach(
  parts: RevokeParts,
  ids: readonly string[],
  options: RevokeOptions,
): Promise<{ readonly revoked: number; readonly requested: number }> {
  let revoked = 0;
  let requested = 0;
  for (let left = ids; left.length > 0; ) {
    const told = await requestRevocations(parts, left, options);
    const moved = await revokeIdle(parts, left, options);
    requested += told.length;
    revoked += moved.length;
    const done = new Set([...told, ...moved.map(({ id }) => id)]);
    const missed = left.filter((id) => !done.has(id));
    if (missed.length === 0) break;
    const { rows } = await parts.database.query<{ id: string }>(
      "select id from task where id = any($1::text::uuid[])",
      [plainArray(missed)],
    );
    left = rows.map(({ id }) => id);
  }
  return { revoked, requested };
}

export interface PurgeOptions {
  /** Only count them. */
  readonly dryRun?: boolean | undefined;
  /** Only what was accepted longer ago than this. */
  readonly olderThan?: Duration | undefined;
  /** Hears how far it has come: before the first task is revoked, and after each thousand. */
  readonly onProgress?: ((soFar: Purged) => void) | undefined;
}

export interface Purged {
  readonly dryRun: boolean;
  /** Waited in the queue when it was asked. */
  readonly matched: number;
  readonly purged: number;
}

/** Revokes what waits in a queue when it is asked, and nothing that comes meanwhile. @throws ApiumError `QUEUE_UNKNOWN`. */
export async function purgeQueue(parts: RevokeParts, name: string, options: PurgeOptions = {}): Promise<Purged> {
  const queue = queueNamed(name);
  const { dryRun = false, olderThan, onProgress } = options;
  const before = olderThan === undefined ? null : new Date(parts.clock.now() - durationMs(olderThan)).toISOString();
  const waiting = "queue = $1 and state = 'QUEUED' and ($2::timestamptz is null or created_at < $2::timestamptz)";
  // Before the rows are counted, so that each message up to here is of a row that is. The engine may be away: the rows decide.
  const lastMessage = dryRun || before !== null ? 0 : await parts.queue.lastMessage(queue).catch(() => 0);
  const { rows: counted } = await parts.database.query<{ tasks: number; last: string }>(
    `select count(*)::integer as tasks, coalesce(max(seq), 0)::text as last from task where ${waiting}`,
    [queue, before],
  );
  const { tasks: matched = 0, last = "0" } = counted[0] ?? {};
  let purged = 0;
  while (!dryRun) {
    onProgress?.({ dryRun, matched, purged });
    const { rows } = await parts.database.query<{ id: string }>(
      `select id from task where ${waiting} and seq <= $3::bigint order by lane, seq limit ${BATCH_ROWS}`,
      [queue, before, last],
    );
    if (rows.length === 0) break;
    const ids = rows.map((row) => row.id);
    // Younger ones stay in the engine, so only these may be taken out of it.
    purged += (await revokeIdle(parts, ids, {}, before !== null)).length;
  }
  if (lastMessage > 0) await parts.queue.purge(queue, lastMessage).catch(() => {});
  return { dryRun, matched, purged };
}

/** Ends those of `ids` that nobody runs, and revokes the children of those that waited for theirs. */
async function revokeIdle(
  parts: RevokeParts,
  ids: readonly string[],
  options: RevokeOptions,
  removeMessages = true,
): Promise<Finished[]> {
  const now = parts.clock.now();
  const ends = ids.map((id) => ({ id, attempt: 0, state: "REVOKED" as const, reason: "revoked" as const, keepMs: 0 }));
  const moved = await finish(parts.database, "idle", ends, now);
  for (const { id, name, queue, attempt, lane, left_state } of moved) {
    parts.events.emit({ type: "revoked", id, name, queue, attempt, at: now });
    if (removeMessages && left_state === "QUEUED") {
      await parts.queue.remove({ id, queue, lane: LANES[lane] ?? "normal" }).catch(() => {});
    }
  }
  parts.joinable(moved.map((row) => row.parent_id).filter((id) => id !== null));
  parts.ended(moved.map((row) => row.id));
  for (const { id, left_state } of moved) if (left_state === "WAITING") await revokeChildren(parts, id, options);
  return moved;
}

/** Tells the workers of those of `ids` that run; who was told to end is not told less. Returns which these are. */
async function requestRevocations(
  parts: RevokeParts,
  ids: readonly string[],
  options: RevokeOptions,
): Promise<string[]> {
  const { rows } = await parts.database.query<{ id: string }>(
    `update task set revocation =
       case when (revocation->>'terminate')::boolean and not ($2::json->>'terminate')::boolean then revocation else $2::json end
     where id = any($1::text::uuid[]) and state = 'STARTED' returning id`,
    [
      plainArray(ids),
      JSON.stringify({
        terminate: options.terminate ?? false,
        graceMs: durationMs(options.grace ?? DEFAULT_GRACE_MS),
        by: options.by ?? null,
      }),
    ],
  );
  if (rows.length > 0) parts.hintRevocation();
  return rows.map(({ id }) => id);
}
