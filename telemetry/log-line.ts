// One line of the log, for people or for machines. Every line of a process comes through here, its libraries' too, and
// none leaves with a secret in it.
import { inspect, styleText } from "node:util";
import { activeTraceId, hideSecrets, type LogSubject } from "../runtime/index.ts";
import type { LogFormat } from "../settings.ts";

export type Level = "fatal" | "error" | "warn" | "info" | "debug" | "trace";

/** What Moleculer knows of a logger. */
export interface Bindings {
  readonly nodeID?: string | undefined;
  readonly mod?: string | undefined;
  readonly svc?: string | undefined;
}

/** Makes lines of what was said; `known` are secrets to be hidden wherever they stand. */
export type WriteLine = (level: Level, said: readonly unknown[], bindings: Bindings) => string;

/** Among what was said: what the line is about. */
export class Subject {
  readonly of: LogSubject;

  constructor(of: LogSubject) {
    this.of = of;
  }
}

const COLOURS = {
  fatal: "bgRed",
  error: "red",
  warn: "yellow",
  info: "green",
  debug: "magenta",
  trace: "gray",
} as const;
const DEPTH = 2;

export function lineWriter(format: LogFormat, known: readonly string[] = []): WriteLine {
  return (level, said, bindings) => {
    const subject = said.find((one) => one instanceof Subject)?.of ?? {};
    const message = said
      .filter((one) => !(one instanceof Subject))
      .map(textOf)
      .join(" ");
    if (format === "json") return forMachines(level, hideSecrets(message, known), subject, bindings);
    return forPeople(level, subject.isForEyes === true ? message : hideSecrets(message, known), subject, bindings);
  };
}

function forMachines(level: Level, message: string, subject: LogSubject, { nodeID, mod, svc }: Bindings): string {
  const { correlationId, taskId, traceId = activeTraceId() } = subject;
  const time = new Date().toISOString();
  return JSON.stringify({ time, level, service: svc, module: mod, message, nodeID, correlationId, traceId, taskId });
}

/** What it is about stands behind it, where it does not say so itself. */
function forPeople(level: Level, message: string, subject: LogSubject, { mod = "main" }: Bindings): string {
  const { correlationId, taskId, traceId = activeTraceId() } = subject;
  const about = [
    ["task", taskId],
    ["correlation", correlationId === taskId ? undefined : correlationId],
    ["trace", traceId],
  ].filter(([, id]) => id !== undefined && !message.includes(id));
  const behind = about.length === 0 ? "" : gray(` (${about.map((one) => one.join(" ")).join(", ")})`);
  const time = gray(`[${new Date().toISOString().slice(11)}]`);
  return `${time} ${styleText(COLOURS[level], level.toUpperCase().padEnd(5))} ${gray(`${mod.toUpperCase()}:`)} ${message}${behind}`;
}

function textOf(one: unknown): string {
  if (typeof one === "string") return one;
  if (one instanceof Error) return one.stack ?? one.message;
  return inspect(one, { depth: DEPTH, breakLength: Number.POSITIVE_INFINITY });
}

function gray(text: string): string {
  return styleText("gray", text);
}
