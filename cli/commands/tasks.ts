// `apium tasks …`: find them, look at one and at its family, revoke, run again.
import { type Command, InvalidArgumentError } from "commander";
import type { Answer, Client } from "../client.ts";
import { bad, dim, facts, good, moment, type Output, odd, table, when } from "../output.ts";
import { treeCommand } from "./task-tree.ts";
import { coloured, progressText } from "./task-words.ts";

/** Returns `tasks`, for others to add to. */
export function taskCommands(program: Command, client: () => Client, output: Output): Command {
  const tasks = program.command("tasks").description("tasks: find, look at, enqueue, wait, revoke, run again");

  tasks
    .command("list", { isDefault: true })
    .description("newest first")
    .option(
      "-s, --state <states...>",
      "QUEUED, SCHEDULED, STARTED, WAITING, RETRY, SUCCESS, FAILURE, REVOKED; several too",
    )
    .option("-n, --name <name>", "of this name")
    .option("-q, --queue <queue>", "in this queue")
    .option("-w, --worker <id>", "of this worker")
    .option("-t, --text <text>", "with this text in its id, name or parameters")
    .option("--since <when>", "accepted since: 2h (ago), or an instant such as 2026-12-24T18:00:00Z", instantOf)
    .option("--until <when>", "accepted before", instantOf)
    .option("--header <header...>", "with this header, written like tenant:acme; several too")
    .option("-l, --limit <n>", "how many; default 50", wholeNumber)
    .option("--cursor <cursor>", "go on where a page ended")
    .action(async ({ text, since, until, state, ...filter }) => {
      const between = { createdAfter: since, createdBefore: until };
      output.show(await client().get("/tasks", { ...filter, ...between, state: state?.join(","), q: text }), listText);
    });

  tasks
    .command("types")
    .description("kinds of tasks: what is set, who can run them, how they did within the last hour")
    .action(async () => output.show(await client().get("/task-types"), typesText));

  tasks
    .command("counts")
    .description("how many are in each state, how many have ended")
    .action(async () => output.show(await client().get("/tasks/counts"), countsText));

  tasks
    .command("show <task>")
    .description("one task: its state, attempts, result or error, children")
    .action(async (task: string) => output.show(await client().get(`/tasks/${encodeURIComponent(task)}`), taskText));

  tasks
    .command("revoke <task>")
    .description("it does not start any more; with --terminate a running one is ended")
    .option("--terminate", "end it while it runs")
    .action(async (task: string, { terminate }) => {
      const answer = await client().send("POST", `/tasks/${encodeURIComponent(task)}/revoke`, { terminate });
      output.show(answer, ({ outcome }) => `${outcome ?? "revoked"}`);
    });

  tasks
    .command("retry <task>")
    .description("run a finished task again, as a new one")
    .action(async (task: string) => {
      const answer = await client().send("POST", `/tasks/${encodeURIComponent(task)}/retry`);
      output.show(answer, ({ id }) => `${good("accepted")} ${id}`);
    });

  treeCommand(tasks, client, output);
  return tasks;
}

function listText({ items, nextCursor, searchedTo }: Answer): string {
  const rows = items.map((task: Answer) => [
    task.id,
    task.name,
    task.queue,
    coloured(task.state),
    when(task.createdAt),
  ]);
  const more =
    searchedTo === null
      ? nextCursor && dim(`more: --cursor ${nextCursor}`)
      : odd(`searched back to ${moment(searchedTo)}; go on with --cursor ${nextCursor}`);
  const found = table(["TASK", "NAME", "QUEUE", "STATE", "ACCEPTED"], rows);
  return more ? `${found}\n${more}` : found;
}

function typesText({ items }: Answer): string {
  return table(
    ["NAME", "QUEUE", "RATE", "TIME LIMIT", "RETRIES", "WORKERS", "DONE", "FAILED", "P95", ""],
    items.map(({ name, queue, rateLimit, timeLimit, retry, workers, lastHour, pausedAt, overrides }: Answer) => [
      name,
      queue,
      rateLimit,
      timeLimit,
      retry.maxRetries,
      workers.length === 0 ? odd("0") : workers.length,
      lastHour.done,
      lastHour.failed > 0 ? bad(String(lastHour.failed)) : 0,
      lastHour.p95Ms === null ? null : `${Math.round(lastHour.p95Ms)} ms`,
      [pausedAt === null ? "" : odd("paused"), overrides === null ? "" : dim(`set by ${overrides.updatedBy}`)].join(
        " ",
      ),
    ]),
  );
}

function countsText({ live, ended, deadLetters }: Answer): string {
  const states = Object.keys(ended.day);
  return [
    facts([
      ...Object.entries<number>(live),
      ...(deadLetters === undefined ? [] : [["dead letters", deadLetters] as const]),
    ]),
    table(
      ["ENDED", "LAST HOUR", "LAST DAY"],
      states.map((state) => [coloured(state), ended.hour[state], ended.day[state]]),
    ),
  ].join("\n\n");
}

function taskText(task: Answer): string {
  const attempts = (task.attempts ?? []).map((each: Answer) => [
    each.attempt,
    each.outcome,
    moment(each.startedAt),
    each.worker,
    each.error?.message ?? null,
  ]);
  const parts = [
    facts([
      ["task", task.id],
      ["name", task.name],
      ["state", `${coloured(task.state)}${task.reason === null ? "" : dim(` ${task.reason}`)}`],
      ["queue", `${task.queue} (priority ${task.priority})`],
      ["params", task.areParamsHidden === true ? dim("sensitive parameters") : JSON.stringify(task.params)],
      ["accepted", moment(task.createdAt)],
      ["due", task.dueAt === null ? undefined : `${moment(task.dueAt)} ${dim(when(task.dueAt) ?? "")}`],
      ["started", moment(task.startedAt)],
      ["finished", moment(task.finishedAt)],
      ["worker", task.worker],
      ["retries", task.retries],
      ["progress", task.progress === null ? undefined : progressText(task.progress)],
      ["parent", task.parentId ?? undefined],
      ["result", task.result === undefined ? undefined : JSON.stringify(task.result)],
      ["error", task.error === null ? undefined : bad(task.error.message)],
    ]),
    ...(attempts.length === 0 ? [] : [table(["ATTEMPT", "OUTCOME", "BEGAN", "WORKER", "ERROR"], attempts)]),
    ...((task.children ?? []).length === 0
      ? []
      : [
          table(
            ["CHILD", "STATE"],
            task.children.map((child: Answer) => [child.id, coloured(child.state ?? "gone")]),
          ),
        ]),
  ];
  return parts.join("\n\n");
}

export function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError(`the parameters are no JSON: ${text}`);
  }
}

/** `2h` is two hours ago; an instant is itself. */
export function instantOf(text: string): string {
  const [, count, unit] = /^(\d+)(s|m|h|d)$/.exec(text) ?? [];
  const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const at = unit === undefined ? Date.parse(text) : Date.now() - Number(count) * (units[unit] ?? 0);
  if (Number.isNaN(at)) throw new InvalidArgumentError("must be written like 2h, or like 2026-12-24T18:00:00Z");
  return new Date(at).toISOString();
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("must be a whole number");
  return Number(text);
}
