/** Returns what it was given, and what it was told of its task. */
import type { IsolatedContext } from "../../../runtime/worker/isolation/index.ts";

export default async function echo(
  params: unknown,
  { signal, progress, log, ...task }: IsolatedContext,
): Promise<unknown> {
  const canReport = typeof progress === "function" && typeof log.info === "function";
  return { params, task, isAborted: signal.aborted, canReport };
}
