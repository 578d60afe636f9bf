// Ids and keys that callers give. Both are rows with a unique key, taken in the transaction that accepts the task: the
// second of two concurrent callers waits for the first and then sees what it did.
import { createHash } from "node:crypto";
import type { Queryable } from "../../database/index.ts";
import type { EnqueueOptions } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import { canonicalJson } from "../contract/json.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import type { TaskState } from "../contract/task-state.ts";

/** Whether a call names its task, so that it can be only one. */
export function isIdentified({ taskId, idempotencyKey, uniqueKey }: EnqueueOptions): boolean {
  return taskId !== undefined || idempotencyKey !== undefined || uniqueKey !== undefined;
}

/**
 * Takes a given id. `undefined` when it was free; the earlier task when it was given before with the same payload.
 * @throws ApiumError `TASK_ID_CONFLICT` for another task or payload.
 */
export async function claimGivenId(
  tx: Queryable,
  id: string,
  name: string,
  paramsText: string,
): Promise<AcceptedTask | undefined> {
  const digest = digestOf(name, paramsText);
  const earlier = await take(tx, id, digest);
  if (earlier === undefined) return undefined;
  const [earlierDigest, earlierId = id] = earlier.split(" ");
  if (earlierDigest !== digest) {
    throw new ApiumError("TASK_ID_CONFLICT", `the id ${id} was already used for another task or other parameters`);
  }
  return existing(tx, earlierId);
}

/**
 * Takes an idempotency key for the new task `id`. `undefined` when it was free; the earlier task when it was given before
 * with the same payload. The key's row stands among the given ids, under a UUID made of the key; its digest is followed by
 * the task's own id, which is of the usual kind: tasks are listed in the order of their ids.
 * @throws ApiumError `TASK_ID_CONFLICT` for another task or payload.
 */
export async function claimIdempotencyKey(
  tx: Queryable,
  key: string,
  id: string,
  name: string,
  paramsText: string,
): Promise<AcceptedTask | undefined> {
  const digest = digestOf(name, paramsText);
  const earlier = await take(tx, uuidOf(key), `${digest} ${id}`);
  if (earlier === undefined) return undefined;
  const [earlierDigest, earlierId] = earlier.split(" ");
  if (earlierDigest !== digest || earlierId === undefined) {
    throw new ApiumError(
      "TASK_ID_CONFLICT",
      "the idempotency key was already used for another task or other parameters",
    );
  }
  return existing(tx, earlierId);
}

/** Lets the given id or key stand for the task that holds the unique key: no other was made, and a repetition is told the same. */
export async function standFor(
  tx: Queryable,
  { taskId, idempotencyKey }: EnqueueOptions,
  holderId: string,
): Promise<void> {
  const given = idempotencyKey === undefined ? taskId : uuidOf(idempotencyKey);
  if (given === undefined) return;
  await tx.query("update task_given_id set digest = split_part(digest, ' ', 1) || ' ' || $2 where id = $1::uuid", [
    given,
    holderId,
  ]);
}

/** `undefined` when the id was free; else what was kept with it. */
async function take(tx: Queryable, id: string, digest: string): Promise<string | undefined> {
  const { affected } = await tx.query(
    "insert into task_given_id (id, digest) values ($1::uuid, $2) on conflict (id) do nothing",
    [id, digest],
  );
  if (affected === 1) return undefined;
  const { rows } = await tx.query<{ digest: string }>("select digest from task_given_id where id = $1::uuid", [id]);
  return rows[0]?.digest ?? "";
}

/**
 * Takes a unique key for `id`. `undefined` when it was free; the holder when `onConflict` is "return".
 * @throws ApiumError `UNIQUE_KEY_CONFLICT` when it is held and `onConflict` is "throw".
 */
export async function claimUniqueKey(
  tx: Queryable,
  key: string,
  id: string,
  onConflict: "return" | "throw",
): Promise<AcceptedTask | undefined> {
  for (;;) {
    const { affected } = await tx.query(
      "insert into task_unique_key (key, task_id) values ($1, $2::uuid) on conflict (key) do nothing",
      [key, id],
    );
    if (affected === 1) return undefined;
    const { rows } = await tx.query<{ task_id: string }>("select task_id from task_unique_key where key = $1", [key]);
    const holder = rows[0]?.task_id;
    if (holder === undefined) continue; // released between the two statements
    if (onConflict === "throw") {
      throw new ApiumError("UNIQUE_KEY_CONFLICT", `the key "${key}" is held by task ${holder}`, {
        details: { taskId: holder },
      });
    }
    return existing(tx, holder);
  }
}

async function existing(tx: Queryable, id: string): Promise<AcceptedTask> {
  const { rows } = await tx.query<{ state: TaskState; queue: string }>(
    `select state, queue from task where id = $1::uuid
     union all select state, queue from task_history where id = $1::uuid limit 1`,
    [id],
  );
  const task = rows[0];
  if (task === undefined) throw new ApiumError("TASK_FINISHED", `task ${id} finished long ago; its history is pruned`);
  return { id, state: task.state, queue: task.queue, created: false };
}

/** UUIDv8 (RFC 9562 §5.8): what the maker likes, here a digest. */
function uuidOf(key: string): string {
  const hex = createHash("sha256").update(`idempotency key\n${key}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function digestOf(name: string, paramsText: string): string {
  return createHash("sha256")
    .update(`${name}\n${canonicalJson(JSON.parse(paramsText))}`)
    .digest("base64url");
}
