/** Waits until it is aborted or its time is over; on demand it says why it was aborted. */
import { setTimeout as sleep } from "node:timers/promises";
import type { IsolatedContext } from "../../../runtime/worker/isolation/index.ts";

interface Params {
  readonly forMs?: number;
  /** Returns the reason of the abort instead of throwing it. */
  readonly tellsReason?: boolean;
}

export default async function waits({ forMs = 60_000, tellsReason }: Params, task: IsolatedContext): Promise<unknown> {
  task.progress(0, "started");
  await sleep(forMs, undefined, { signal: task.signal }).catch(() => {});
  if (!task.signal.aborted) return "waited";
  const { code, message } = task.signal.reason;
  if (tellsReason) return { code, message };
  throw task.signal.reason;
}
