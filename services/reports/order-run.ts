// Ordering a run: its row, its delivery and the task that makes it, in one transaction, so that there is none without the
// others.
import type { Transaction } from "../../database/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { insertDelivery, type Recipients } from "./delivery-store.ts";
import { insertRun, type NewRun, noteTask } from "./run-store.ts";
import { generateReport } from "./tasks.ts";

export interface Order extends NewRun {
  /** Nobody gets it by mail where this is missing. */
  readonly delivery?: { readonly recipients: Recipients; readonly due: number } | undefined;
}

export async function orderRun(
  { runtime }: Pick<ServiceParts, "runtime">,
  tx: Transaction,
  { delivery, ...run }: Order,
): Promise<{ readonly id: number; readonly isNew: boolean }> {
  const { id, isNew } = await insertRun(tx, run);
  if (!isNew) return { id, isNew };
  if (delivery !== undefined && hasAny(delivery.recipients))
    await insertDelivery(tx, id, delivery.recipients, delivery.due);
  const task = await generateReport.enqueue(runtime, { runId: id }, { tx });
  await noteTask(tx, id, task.id);
  return { id, isNew };
}

export function hasAny({ to, cc, toPersonIds }: Recipients): boolean {
  return to.length + cc.length + toPersonIds.length > 0;
}
