// `apium events`: what happens, as it happens. One line each for people, one JSON object a line with `--json`. It goes on
// over lost connections; `--after` goes on where an earlier watch ended.
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import type { Answer, Client } from "../client.ts";
import { eventsOf, type StreamedEvent } from "../event-stream.ts";
import { bad, dim, good, odd } from "../output.ts";

const DEFAULT_MS = 10_000;

export function eventCommands(program: Command, client: () => Client, write: (text: string) => void): void {
  program
    .command("events")
    .description("what happens, as it happens: tasks, tickets, occurrences")
    .option("-f, --follow", "until Ctrl-C")
    .option("--for <seconds>", "for so long; default 10", seconds)
    .option("--type <glob>", "only these: task.failed, task.*, ticket.*")
    .option("-n, --count <n>", "end after so many", count)
    .option("--after <id>", "go on after the event with this id")
    .action(async (options, command: Command) => {
      const { follow, for: forMs = DEFAULT_MS, type, count: most = Number.POSITIVE_INFINITY, after } = options;
      const isJson = command.optsWithGlobals().json === true;
      const ending = new AbortController();
      const signal = follow === true ? ending.signal : AbortSignal.any([ending.signal, AbortSignal.timeout(forMs)]);
      const fits = matcher(type);
      let told = 0;
      for await (const event of eventsOf(client().target, { lastId: after, signal })) {
        for (const one of flattened(event)) {
          if (told >= most || !fits(one.type)) continue;
          told += 1;
          write(isJson ? `${JSON.stringify(one)}\n` : `${line(one)}\n`);
        }
        if (told >= most) ending.abort();
      }
    });
}

interface Told {
  /** Of the message it came in; to go on after it. */
  readonly id: string;
  readonly type: string;
  readonly data: Answer;
}

/** Task events come many in a message; each is told by itself, as `task.<type>`, and how many were left out. */
function flattened({ id, event, data }: StreamedEvent): Told[] {
  if (event !== "tasks") return [{ id, type: event, data }];
  const { events, counts, dropped } = data as Answer;
  const all = Object.values<number>(counts).reduce((sum, n) => sum + n, 0);
  const left = all - events.length + dropped;
  return [
    ...events.map(({ type, ...task }: Answer) => ({ id, type: `task.${type}`, data: task })),
    ...(left > 0 ? [{ id, type: "task.untold", data: { events: left } }] : []),
  ];
}

function line({ type, data }: Told): string {
  if (!type.startsWith("task.") || type === "task.untold") return `${mark(type)}  ${dim(JSON.stringify(data))}`;
  const { at, id, name, queue, attempt, worker, runtimeMs, error, retryAt } = data;
  const details = [
    queue,
    attempt > 1 ? `attempt ${attempt}` : "",
    worker ?? "",
    runtimeMs === undefined ? "" : `${Math.round(runtimeMs)} ms`,
    retryAt === undefined ? "" : `again at ${new Date(retryAt).toISOString().slice(11, 19)}`,
  ].filter((text) => text !== "");
  const why = error === undefined ? "" : `  ${bad(error.message)}`;
  return `${new Date(at).toISOString().slice(11, 23)}  ${mark(type)}  ${name}  ${id}  ${dim(details.join("  "))}${why}`;
}

function mark(type: string): string {
  const text = type.padEnd(14);
  if (/succeeded|completed/.test(type)) return good(text);
  return /failed/.test(type) ? bad(text) : /retried|revoked|rescued|reset|untold/.test(type) ? odd(text) : text;
}

function matcher(glob: string | undefined): (type: string) => boolean {
  if (glob === undefined) return () => true;
  const pattern = new RegExp(`^${glob.split("*").map(literal).join(".*")}$`);
  return (type) => pattern.test(type);
}

function literal(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
}

function seconds(text: string): number {
  if (!/^\d{1,6}(\.\d+)?s?$/.test(text)) throw new InvalidArgumentError("It must be a number of seconds.");
  return Number.parseFloat(text) * 1_000;
}

function count(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
