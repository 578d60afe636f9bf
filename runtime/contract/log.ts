// The logger the runtime is given, and what a line may say that it is about. The third argument is for those who write
// lines for machines; a plain logger may do without.
import { traceIdOf } from "./trace-id.ts";

/** What a line is about, so that all that was said of it can be found together. */
export interface LogSubject {
  readonly correlationId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly traceId?: string | undefined;
  /** The line shows a secret to the person who starts the process; it goes to a console as it is, and nowhere else. */
  readonly isForEyes?: boolean | undefined;
}

export interface Log {
  debug(message: string, data?: unknown, subject?: LogSubject): void;
  info(message: string, data?: unknown, subject?: LogSubject): void;
  warn(message: string, data?: unknown, subject?: LogSubject): void;
  error(message: string, data?: unknown, subject?: LogSubject): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A task as the subject of a line: without a correlation id of its caller it is its own. */
export function subjectOf(task: {
  readonly id: string;
  readonly headers?: Readonly<Record<string, string>> | null | undefined;
}): LogSubject {
  const { id, headers } = task;
  return {
    taskId: id,
    correlationId: headers?.["correlation-id"] ?? id,
    traceId: traceIdOf(headers) ?? undefined,
  };
}
