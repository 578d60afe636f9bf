/** Never yields and never ends. */
import type { IsolatedContext } from "../../../runtime/worker/isolation/index.ts";

export default function spins(_params: unknown, task: IsolatedContext): never {
  task.progress(0, String(process.pid));
  for (;;);
}
