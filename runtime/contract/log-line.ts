// One line that a handler says of its task, as it is kept and shown: a level, a message, and data as JSON text; cut, and
// without secrets. Made where it is said, so that nothing else of the handler's leaves its thread or process.
import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import { encodeLogData } from "./log-data.ts";
import { clean } from "./task-error.ts";

/** From the least to the most urgent. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** In characters. */
export const MAX_LOG_MESSAGE_LENGTH = 8_000;

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  /** JSON text. */
  readonly data: string | undefined;
}

/** A log whose every line goes to `say`. Its functions may be taken out of it. */
export function logInto(say: (line: LogLine) => void): Log {
  const at = (level: LogLevel) => (message: unknown, data?: unknown) =>
    say({ level, message: clean(messageOf(message), MAX_LOG_MESSAGE_LENGTH), data: encodeLogData(data) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
