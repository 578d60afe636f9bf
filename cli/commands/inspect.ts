// `apium inspect …`: what workers do and what tasks wait for. Ends with 1 when a worker that should have answered did not.
import { type Command, InvalidArgumentError } from "commander";
import { type Answer, CliError, type Client, EXIT } from "../client.ts";
import { bad, dim, facts, good, moment, type Output, odd, table, when } from "../output.ts";

export function inspectCommands(program: Command, client: () => Client, output: Output): void {
  const inspect = program.command("inspect").description("what workers do, and what tasks wait for");

  /** A question to workers, shown worker by worker. */
  const ofWorkers = (what: string, description: string, human: (answer: Answer) => string): Command =>
    named(inspect, what)
      .description(description)
      .option("-w, --worker <id>", "this worker only; several with commas. Default all")
      .action(async ({ worker, sampleMs }) => {
        const answers = await client().get(`/inspect/${what}`, { worker, sampleMs });
        output.show(answers, (all) => answersText(all, human));
        endWith(answers);
      });

  ofWorkers("ping", "which workers answer", () => good("pong"));
  ofWorkers("active", "what runs, and for how long", (tasks) =>
    table(
      ["TASK", "NAME", "QUEUE", "FOR"],
      tasks.map((task: Answer) => [task.id, task.name, task.queue, `${(task.runningMs / 1_000).toFixed(1)} s`]),
    ),
  );
  ofWorkers("reserved", "what is claimed and waits for a slot of its type", (tasks) =>
    table(
      ["TASK", "NAME", "QUEUE"],
      tasks.map((task: Answer) => [task.id, task.name, task.queue]),
    ),
  );
  ofWorkers("registered", "tasks with a handler", (tasks) =>
    table(
      ["NAME", "QUEUE", "RATE", "TIME LIMIT", "RETRIES"],
      tasks.map((task: Answer) => [task.name, task.queue, task.rateLimit, task.timeLimit, task.maxRetries]),
    ),
  );
  ofWorkers("active_queues", "queues it takes from", (queues) =>
    queues.map(({ name, paused }: Answer) => (paused ? odd(`${name} (paused)`) : name)).join("\n"),
  );
  ofWorkers("stats", "slots, counts, memory, event loop", statsText);
  ofWorkers(
    "clock",
    "what time it is for a worker, and how wrong its machine's own clock is",
    ({ now, machineAheadMs }) =>
      Math.abs(machineAheadMs) < 1_000
        ? `${now}  ${dim(aheadText(machineAheadMs))}`
        : `${now}  ${bad(aheadText(machineAheadMs))}`,
  );
  ofWorkers("conf", "settings, without secrets", (settings) =>
    facts(Object.entries<unknown>(settings).map(([name, value]) => [name, shown(value)] as const)),
  );
  ofWorkers("report", "versions", (report) =>
    facts(Object.entries<unknown>(report).map(([name, value]) => [name, shown(value)] as const)),
  );
  ofWorkers("memory", "what the memory is used for, and by whom", memoryText).option(
    "--sample-ms <n>",
    "how long allocations are looked at; default 500",
    wholeNumber,
  );

  const ofTasks = (what: string, description: string, human: (items: readonly Answer[]) => string): Command =>
    named(inspect, what)
      .description(description)
      .option("-l, --limit <n>", "how many; default 100", wholeNumber)
      .action(async ({ limit }) =>
        output.show(await client().get(`/inspect/${what}`, { limit }), ({ items }) => human(items)),
      );

  ofTasks("scheduled", "what waits for its time, and what a pause holds", (items) =>
    table(
      ["TASK", "NAME", "QUEUE", "STATE", "DUE"],
      items.map((task) => [
        task.id,
        task.name,
        task.queue,
        task.state,
        task.heldFor === null ? when(task.dueAt) : odd(`held: ${task.heldFor}`),
      ]),
    ),
  );
  ofTasks("revoked", "what was revoked", (items) =>
    table(
      ["TASK", "NAME", "QUEUE", "OUTCOME", "AT"],
      items.map((task) => [task.id, task.name, task.queue, task.outcome, moment(task.at)]),
    ),
  );

  named(inspect, "query_task", "<ids...>")
    .description("where tasks are")
    .action(async (ids: readonly string[]) => {
      const answer = await client().get("/inspect/query_task", { ids: ids.join(",") });
      output.show(answer, ({ items }) =>
        table(
          ["TASK", "STATE", "NAME", "QUEUE", "WORKER"],
          items.map((task: Answer) => [
            task.id,
            task.found ? task.state : bad("unknown"),
            task.name,
            task.queue,
            task.worker,
          ]),
        ),
      );
      const unknown = answer.items.filter(({ found }: Answer) => !found).length;
      if (unknown > 0) throw new CliError(EXIT.refused, "TASK_NOT_FOUND", bad(`${unknown} of them are not known`));
    });

  named(inspect, "settings")
    .description("what operators have set: rates, time limits, pauses")
    .action(async () => output.show(await client().get("/inspect/settings"), settingsText));
}

function aheadText(ms: number): string {
  return `its machine is ${Math.abs(ms)} ms ${ms < 0 ? "behind" : "ahead"}`;
}

/** Celery's name, with the hyphens of a command line as well. */
export function named(parent: Command, what: string, words = ""): Command {
  const command = parent.command(`${what.replaceAll("_", "-")} ${words}`.trim());
  return what.includes("_") ? command.alias(what) : command;
}

/** Each worker's answer under its name, then who refused and who was silent. */
export function answersText({ items, silent }: Answer, human: (answer: Answer) => string): string {
  const parts = items.map(({ worker, answer, error }: Answer) =>
    error === undefined
      ? `${good("●")} ${worker}\n${indent(human(answer))}`
      : `${bad("●")} ${worker}\n${indent(`${bad(error.code)}: ${error.message}`)}`,
  );
  for (const worker of silent) parts.push(`${odd("●")} ${worker}\n${indent(odd("did not answer"))}`);
  return parts.length === 0 ? odd("no worker is there") : parts.join("\n");
}

/** A script must see that something is missing. `silence` says what it means of who did not answer. */
export function endWith({ items, silent }: Answer, silence = "did not answer"): void {
  const refused = items.filter(({ error }: Answer) => error !== undefined).map(({ worker }: Answer) => worker);
  if (items.length === 0 && silent.length === 0) throw new CliError(EXIT.refused, "NO_WORKERS", "");
  if (silent.length > 0) throw new CliError(EXIT.refused, "SILENT", odd(`${silence}: ${silent.join(", ")}`));
  if (refused.length > 0) throw new CliError(EXIT.refused, "REFUSED", bad(`refused: ${refused.join(", ")}`));
}

function statsText(stats: Answer): string {
  const { pool, memory, loopLag, tasks, autoscale } = stats;
  const counts = Object.entries<Answer>(tasks).map(([name, { done, failed }]) => [name, done, failed]);
  return [
    facts([
      ["slots", `${pool.busy} of ${pool.size} busy${pool.draining ? odd("  draining") : ""}`],
      ["autoscale", autoscale === null ? undefined : `${autoscale.min} to ${autoscale.max}`],
      ["parked", stats.parked],
      ["done", stats.done],
      ["failed", stats.failed > 0 ? bad(String(stats.failed)) : "0"],
      ["memory", `${mb(memory.rssBytes)} (heap ${mb(memory.heapUsedBytes)} of ${mb(memory.heapTotalBytes)})`],
      ["event loop", `${loopLag.meanMs} ms late on average, p99 ${loopLag.p99Ms} ms, at most ${loopLag.maxMs} ms`],
      ["up for", `${stats.uptimeS} s`],
    ]),
    ...(counts.length === 0 ? [] : [table(["TASK", "DONE", "FAILED"], counts as never)]),
  ].join("\n");
}

function memoryText(memory: Answer): string {
  const sums = facts([
    ["rss", mb(memory.rssBytes)],
    ["heap", `${mb(memory.heapUsedBytes)} of ${mb(memory.heapLimitBytes)}`],
    ["external", mb(memory.externalBytes)],
  ]);
  const rows = memory.sample.map((one: Answer) => [`${Math.round(one.bytes / 1_024)} KB`, one.function, one.place]);
  return memory.sampledMs === 0
    ? sums
    : `${sums}\n${dim(`allocated and held within ${memory.sampledMs} ms`)}\n${table(["HELD", "FUNCTION", "WHERE"], rows)}`;
}

function settingsText({ types, tenants, queues }: Answer): string {
  const rows = [
    ...queues.map(({ name, pausedAt, pausedBy }: Answer) => ["queue", name, odd("paused"), when(pausedAt), pausedBy]),
    ...tenants.map(({ tenant, pausedAt, pausedBy }: Answer) => [
      "tenant",
      tenant,
      odd("paused"),
      when(pausedAt),
      pausedBy,
    ]),
    ...types.map((type: Answer) => [
      "task",
      type.task,
      [
        type.pausedAt === null ? "" : odd("paused"),
        type.rateLimit === null ? "" : `rate ${type.rateLimit}`,
        type.softTimeLimit === null ? "" : `soft limit ${type.softTimeLimit}`,
        type.timeLimit === null ? "" : `time limit ${type.timeLimit}`,
      ]
        .filter((text) => text !== "")
        .join(", "),
      when(type.updatedAt),
      type.updatedBy,
    ]),
  ];
  if (rows.length === 0) return dim("nothing is set: everything is as defined");
  return table(["KIND", "NAME", "SET", "SINCE", "BY"], rows);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

function mb(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
