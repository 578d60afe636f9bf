/** Returns what it was given, and what it was told of its task. */
import type { IsolatedContext } from "../../../runtime/worker/isolation/index.ts";

export default async function echo(params: unknown, { signal, progress, ...task }: IsolatedContext): Promise<unknown> {
  return { params, task, isAborted: signal.aborted, canReport: typeof progress === "function" };
}
