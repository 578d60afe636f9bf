// Inside a cell: loads the handler's module, runs it once, and describes how it ended as plain data. The same for
// threads and processes; how the words travel is left to their entries. Never throws.
import { SystemClock } from "../../contract/clock.ts";
import { ApiumError, messageOf } from "../../contract/errors.ts";
import { logInto } from "../../contract/log-line.ts";
import { BoundedLines } from "../bounded-lines.ts";
import type { Outcome, SentCall, Tell } from "./cells.ts";
import type { IsolatedHandlerFunction } from "./isolation.ts";
import { toPortable } from "./portable-error.ts";
import { ProgressThrottle } from "./progress-throttle.ts";

/** Far above what a result may hold: the host may write the data instead of keeping it, but must be able to read it. */
const MAX_RETURN_BYTES = 64 * 1024 * 1024;

const clock = new SystemClock();

export async function runHandler(call: SentCall, signal: AbortSignal, tell: Tell): Promise<Outcome> {
  const progress = new ProgressThrottle(clock, (fraction, message) => tell({ kind: "progress", fraction, message }));
  const lines = new BoundedLines((line) => tell({ kind: "line", line }));
  try {
    const handler = await load(call.module);
    signal.throwIfAborted(); // What was revoked while the cell started is not started any more.
    const value = await handler(call.params, {
      ...call.task,
      signal,
      progress: (fraction, message) => progress.note(fraction, message),
      log: logInto((line) => lines.add(line)),
    });
    return { ok: true, text: encodeReturn(value) };
  } catch (error) {
    return { ok: false, error: toPortable(error) };
  } finally {
    progress.close();
    lines.close();
  }
}

async function load(module: string): Promise<IsolatedHandlerFunction> {
  const { default: handler } = (await import(module)) as { readonly default?: unknown };
  if (typeof handler === "function") return handler as IsolatedHandlerFunction;
  throw new ApiumError("DEFINITION_INVALID", `the module ${module} does not export a handler by default`);
}

function encodeReturn(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new ApiumError("RESULT_NOT_JSON", `the result is not JSON: ${messageOf(cause)}`, { cause });
  }
  if (text === undefined) throw new ApiumError("RESULT_NOT_JSON", `a ${typeof value} is not JSON`);
  if (text.length > MAX_RETURN_BYTES) {
    throw new ApiumError(
      "RESULT_TOO_LARGE",
      `the handler returned ${text.length} characters of JSON, ${MAX_RETURN_BYTES} are allowed`,
    );
  }
  return text;
}
