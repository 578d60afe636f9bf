// Why a cell is no more, as an error for the books. A thread's end comes with an error; a process's is told from how
// it ended and from the end of its error output, where V8 and the guard leave their last words (the output itself is
// in the worker's log).
import { ApiumError, codeOf, messageOf } from "../../contract/errors.ts";

const OVER_LIMIT = "MB of memory are over the limit of";
const OUT_OF_HEAP = "JavaScript heap out of memory";
const MAX_CAUSE_LENGTH = 1_000;

export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It could not be started at all. */
  readonly error?: Error | undefined;
  /** The end of what it wrote to its error output. */
  readonly words: string;
}

export function overLimit(heldMb: number, limitMb: number): string {
  return `\n${Math.round(heldMb)} ${OVER_LIMIT} ${limitMb} MB\n`;
}

export function processDeath(taskId: string, death: Death): ApiumError {
  const { code, signal, error, words } = death;
  const over = words.split("\n").find((line) => line.includes(OVER_LIMIT));
  if (over !== undefined) return new ApiumError("MEMORY_LIMIT", `the process of task ${taskId} was ended: ${over}`);
  if (words.includes(OUT_OF_HEAP)) {
    return new ApiumError("MEMORY_LIMIT", `the process of task ${taskId} ran out of heap`);
  }
  if (error !== undefined) {
    return new ApiumError("HANDLER_CRASHED", `the process of task ${taskId} could not be started`, { cause: error });
  }
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const last = words.trim().slice(-MAX_CAUSE_LENGTH);
  const cause = last === "" ? {} : { cause: new Error(last) };
  return new ApiumError("HANDLER_CRASHED", `the process of task ${taskId} ended by itself (${how})`, cause);
}

/** `cause` is what piscina rejected the run with. */
export function threadDeath(taskId: string, cause: unknown): ApiumError {
  const because = messageOf(cause);
  if (isCloneError(cause))
    return new ApiumError("PARAMS_INVALID", `the parameters cannot be sent: ${because}`, { cause });
  if (codeOf(cause) === "ERR_WORKER_OUT_OF_MEMORY") {
    return new ApiumError("MEMORY_LIMIT", `the thread of task ${taskId} ran out of heap`, { cause });
  }
  return new ApiumError("HANDLER_CRASHED", `the thread of task ${taskId} ended by itself: ${because}`, { cause });
}

/** What `postMessage` throws. */
function isCloneError(error: unknown): boolean {
  return typeof error === "object" && error !== null && "name" in error && error.name === "DataCloneError";
}
