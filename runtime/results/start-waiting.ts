// A run that waits for its children: its row goes to WAITING in the same transaction that inserts them, so there is
// no moment at which one exists without the other.
import type { Transaction } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";

/** STARTED → WAITING for `pending` children. @throws ApiumError `TASK_FENCED` when the run no longer holds the task. */
export async function startWaiting(
  tx: Transaction,
  held: { readonly id: string; readonly attempt: number },
  pending: number,
  joinPlan: string,
): Promise<void> {
  const { affected } = await tx.query(
    `update task set state = 'WAITING', pending_children = $3::integer, worker = null, progress = null,
                     join_plan = $4::json
     where id = $1::uuid and attempt = $2::integer and state = 'STARTED' and revocation is null`,
    [held.id, held.attempt, pending, joinPlan],
  );
  if (affected === 0) throw new ApiumError("TASK_FENCED");
}
