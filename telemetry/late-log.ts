// The log of a process from its first moment: on the console until the broker has its loggers, then through one of those.
import { type Log, type LogSubject, messageOf } from "../runtime/index.ts";
import { type Level, Subject, type WriteLine } from "./log-line.ts";

type Logger = Pick<Console, "debug" | "info" | "warn" | "error">;

export function lateLog(write: WriteLine): Log & { use(logger: Logger): void } {
  let logger = consoleLogger(write);
  const say = (level: keyof Logger) => (message: string, data?: unknown, subject?: LogSubject) =>
    logger[level](
      message,
      ...(data === undefined ? [] : [data instanceof Error ? messageOf(data) : data]),
      ...(subject === undefined ? [] : [new Subject(subject)]),
    );
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    use(next) {
      logger = next;
    },
  };
}

function consoleLogger(write: WriteLine): Logger {
  const to =
    (print: (line: string) => void, level: Level) =>
    (...said: unknown[]) =>
      print(write(level, said, {}));
  return {
    debug: () => {},
    info: to(console.log, "info"),
    warn: to(console.warn, "warn"),
    error: to(console.error, "error"),
  };
}
