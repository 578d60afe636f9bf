// Files go when their retention ends; a run whose task ended without a word is said to have failed.
import type { ObjectStore } from "../../object-store/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { expiredRuns, expireRun } from "./run-store.ts";

const BATCH = 200;

/** The file first: a row that says EXPIRED has none. A crash in between deletes it again, which is nothing. */
export async function deleteExpired(
  { database, runtime }: ServiceParts,
  store: ObjectStore,
  signal?: AbortSignal,
): Promise<number> {
  let deleted = 0;
  for (;;) {
    const runs = await expiredRuns(database, runtime.parts.clock.now(), BATCH);
    for (const { id, objectKey } of runs) {
      signal?.throwIfAborted();
      await store.delete(objectKey);
      await expireRun(database, id);
      deleted += 1;
    }
    if (runs.length < BATCH) return deleted;
  }
}

/** Killed at its hard limit, revoked, crashed too often: then nobody has written down how the run ended. */
export async function failForgotten({ database, runtime }: ServiceParts): Promise<void> {
  await database.query(
    `update report_run r set state = 'FAILED', finished_at = $1::timestamptz,
       error = '{"code": "TASK_FAILED", "message": "its task ended without making it"}'
     where r.state in ('QUEUED', 'RUNNING') and r.created_at < now() - interval '1 minute'
       and not exists (select 1 from task t where t.id::text = r.task_id)`,
    [new Date(runtime.parts.clock.now()).toISOString()],
  );
}
