// Forgetting a result before its time: what a finished task returned is gone, what is known of the task itself stays.
import type { Queryable } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { isTaskId } from "../contract/task-id.ts";

/**
 * True when there was a result.
 * @throws ApiumError `TASK_NOT_FOUND`, `TASK_NOT_FINISHED`.
 */
export async function forgetResult(store: Queryable, id: string): Promise<boolean> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  // Live first: a task that ends between the two questions is found by the second.
  const live = await store.query("select 1 from task where id = $1::uuid", [id]);
  if (live.rows.length > 0) throw new ApiumError("TASK_NOT_FINISHED", `task ${id} has not ended yet`);
  const ended = await store.query("select 1 from task_history where id = $1::uuid", [id]);
  if (ended.rows.length === 0) throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
  const { affected } = await store.query("delete from task_result where id = $1::uuid", [id]);
  return affected > 0;
}
