// `apium schedules …`: what fires when, what did not, and every change of it.
import { type Command, InvalidArgumentError } from "commander";
import { cronWords } from "../../runtime/schedule/cron-words.ts";
import type { Answer, Client } from "../client.ts";
import { bad, dim, facts, good, moment, type Output, odd, table, when } from "../output.ts";
import { scheduleExplanationText } from "./schedule-explanation.ts";

export function scheduleCommands(program: Command, client: () => Client, output: Output): void {
  const schedules = program.command("schedules").description("schedules: what fires when, and what did not");

  schedules
    .command("list", { isDefault: true })
    .description("all schedules with their next slots")
    .action(async () => output.show(await client().get("/schedules"), ({ items }) => listText(items)));

  schedules
    .command("show <name>")
    .description("one schedule in full")
    .action(async (name) => output.show(await client().get(at(name)), detailText));

  const add = schedules
    .command("add <name>")
    .description("make a schedule")
    .requiredOption("--task <name>", "its task");
  settable(add).action(async (name, options) =>
    output.show(await client().send("POST", "/schedules", { name, ...fieldsOf(options) }), detailText),
  );

  const edit = schedules
    .command("edit <name>")
    .description("change fields; `none` takes an optional one away. Never fires it.")
    .option("--task <name>", "its task");
  settable(edit).action(async (name, options) =>
    output.show(await client().send("PATCH", at(name), fieldsOf(options)), detailText),
  );

  const switchTo = (verb: string, enabled: boolean, description: string) =>
    schedules
      .command(`${verb} <name>`)
      .description(description)
      .action(async (name) => output.show(await client().send("PATCH", at(name), { enabled }), detailText));
  switchTo("enable", true, "fire it again, from now on");
  switchTo("disable", false, "fire it no more; what waits is withdrawn");

  schedules
    .command("remove <name>")
    .description("delete a schedule that was made at run time")
    .action(async (name) => output.show(await client().send("DELETE", at(name)), () => `${name} is deleted`));

  schedules
    .command("run <name>")
    .description("run its task now; the next slot stays")
    .action(async (name) =>
      output.show(
        await client().send("POST", `${at(name)}/run`),
        ({ id, queue }) => `task ${id} is in the queue ${queue}`,
      ),
    );

  schedules
    .command("backfill <name>")
    .description("run the slots between two instants that have not run")
    .requiredOption("--from <instant>", "ISO 8601")
    .requiredOption("--to <instant>", "ISO 8601")
    .option("--dry-run", "only name them")
    .action(async (name, { from, to, dryRun }) => {
      const body = { from, to, dryRun: dryRun === true };
      output.show(await client().send("POST", `${at(name)}/backfill`, body), ({ slots, taskIds }) =>
        [...slots.map((slot: string) => moment(slot)), dim(`${slots.length} slots, ${taskIds.length} tasks`)].join(
          "\n",
        ),
      );
    });

  schedules
    .command("next <name>")
    .description("its next slots")
    .option("-n, --count <n>", "how many", "5")
    .action(async (name, { count }) => output.show(await client().get(`${at(name)}/next`, { n: count }), firesText));

  const preview = schedules
    .command("preview [expression]")
    .description('the next slots of any timing, for example: preview "30 6 * * mon-fri" --timezone Asia/Kolkata')
    .option("--from <instant>", "after this instant, ISO 8601; default now")
    .option("-n, --count <n>", "how many", wholeNumber, 5);
  timing(preview).action(async (expression, { from, count, ...options }) => {
    const fields = { ...fieldsOf(options), ...(expression === undefined ? {} : { expression }) };
    const body = { ...fields, n: count, ...(from === undefined ? {} : { from }) };
    output.show(await client().send("POST", "/schedules/preview", body), firesText);
  });

  schedules
    .command("explain <name>")
    .description("why it fires, or does not")
    .action(async (name) => output.show(await client().get(`${at(name)}/explain`), scheduleExplanationText));

  schedules
    .command("history <name>")
    .description("what became of its latest slots")
    .option("-l, --limit <n>", "how many", "20")
    .action(async (name, { limit }) => output.show(await client().get(`${at(name)}/history`, { limit }), historyText));
}

function timing(command: Command): Command {
  return command
    .option("--cron <expression>", "five fields: minute hour day-of-month month day-of-week")
    .option("--days <and|or>", "day of month and day of week: both (Celery), or either (classic cron)")
    .option("--every <duration>", "an interval: 30s, 5m, 2h")
    .option("--at <instant>", "once, at this ISO 8601 instant")
    .option("--solar <event@latitude,longitude>", "with the sun: sunset@52.52,13.41", solarOf)
    .option("--timezone <zone>", "IANA zone of the wall clock; default UTC");
}

function settable(command: Command): Command {
  return timing(command)
    .option("--params <json>", "the task's parameters", jsonOf)
    .option("--queue <name>", "the queue, else the task's")
    .option("--priority <0-9>", "9 first", orNone(wholeNumber))
    .option("--expires <duration>", "a run that has not started by then does not run")
    .option("--jitter <duration>", "start at random within this long after the slot")
    .option("--misfire <skip|one|all>", "which missed slots to run; default one")
    .option("--misfire-grace <duration>", "how late still counts as in time; default 1m")
    .option("--misfire-cap <n>", "the most missed slots that all runs", wholeNumber)
    .option("--overlap <allow|skip|queue>", "while the last run is unfinished; default allow")
    .option("--start-at <instant>", "nothing before")
    .option("--end-at <instant>", "nothing after")
    .option("--one-off", "once, then disable itself")
    .option("--disabled", "make it without starting it")
    .option("--description <text>", "what it is for");
}

const OPTIONAL = ["queue", "priority", "expires", "startAt", "endAt"];

function fieldsOf({ disabled, json: _json, ...options }: Readonly<Record<string, unknown>>): object {
  const fields = Object.entries<unknown>({ ...options, ...(disabled === true ? { enabled: false } : {}) });
  return Object.fromEntries(
    fields.map(([name, value]) => [name, OPTIONAL.includes(name) && value === "none" ? null : value]),
  );
}

function listText(items: readonly Answer[]): string {
  const head = ["NAME", "WHEN", "TASK", "NEXT", "LAST", "RUNS", "MISSED"];
  return table(
    head,
    items.map((item) => [
      item.name,
      timingText(item),
      item.task,
      item.problem ? bad("cannot be read") : item.enabled ? (when(item.nextRunAt) ?? dim("never")) : odd("disabled"),
      when(item.lastRunAt),
      item.totalRunCount,
      item.missedCount > 0 ? bad(String(item.missedCount)) : good("0"),
    ]),
  );
}

function timingText({ cron, days, every, at: instant, solar, timezone }: Answer): string {
  const zone = timezone === "UTC" ? "" : ` ${timezone}`;
  if (cron !== undefined) return `${cron}${days === "or" ? " (days: or)" : ""}${zone}`;
  if (every !== undefined) return `every ${every}`;
  if (instant !== undefined) return `at ${moment(instant)}`;
  return `${solar.event} at ${solar.latitude}, ${solar.longitude}`;
}

function detailText(item: Answer): string {
  return facts([
    ["name", `${item.name}${item.description ? dim(`  ${item.description}`) : ""}`],
    ["fires", `${timingText(item)}${item.cron === undefined ? "" : dim(`  ${cronWords(item.cron, item.days)}`)}`],
    ["task", `${item.task} ${JSON.stringify(item.params)}`],
    ["queue", item.queue ?? undefined],
    ["priority", item.priority ?? undefined],
    ["problem", item.problem === undefined ? undefined : bad(item.problem)],
    ["next", item.enabled ? slotText(item.nextRunAt) : odd("disabled")],
    ["last", slotText(item.lastRunAt)],
    ["runs", item.totalRunCount],
    ["missed", item.missedCount > 0 ? bad(`${item.missedCount}, the last ${when(item.lastMissedAt)}`) : "0"],
    ["waiting", item.waitingSlots || undefined],
    ["misfire", `${item.misfire} (grace ${item.misfireGrace}, at most ${item.misfireCap})`],
    ["overlap", item.overlap],
    ["expires", item.expires ?? undefined],
    ["jitter", item.jitter === "0ms" ? undefined : item.jitter],
    ["from", item.startAt ?? undefined],
    ["until", item.endAt ?? undefined],
    ["defined in", `${item.origin === "code" ? "code" : "the database"}, version ${item.version}`],
    ["changed", `${moment(item.updatedAt)}${item.updatedBy ? ` by ${item.updatedBy}` : ""}`],
  ]);
}

function slotText(instant: string | null): string | null {
  return instant === null ? null : `${moment(instant)} ${dim(when(instant) ?? "")}`;
}

function firesText({ fires }: Answer): string {
  if (fires.length === 0) return odd("never");
  return fires.map((fire: string) => `${moment(fire)}  ${dim(when(fire) ?? "")}`).join("\n");
}

function historyText({ runs, misses }: Answer): string {
  const ran = table(
    ["SLOT", "TASK", "STATE"],
    runs.map((run: Answer) => [
      moment(run.slot),
      run.taskId,
      `${run.taskState ?? run.state}${run.isLate ? odd(" late") : ""}${run.state === "manual" ? dim(" by hand") : ""}`,
    ]),
  );
  const missed = table(
    ["FROM", "TO", "SLOTS", "WHY"],
    misses.map((miss: Answer) => [
      moment(miss.from),
      moment(miss.to),
      `${miss.isAtLeast ? "≥ " : ""}${miss.slots}`,
      `${miss.reason}${miss.detail ? dim(`  ${miss.detail}`) : ""}`,
    ]),
  );
  return `${ran}\n\n${misses.length === 0 ? good("nothing missed") : `${bad("did not run")}\n${missed}`}`;
}

function at(name: string): string {
  return `/schedules/${encodeURIComponent(name)}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("It must be JSON.");
  }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function orNone(parse: (text: string) => number): (text: string) => number | string {
  return (text) => (text === "none" ? text : parse(text));
}

function solarOf(text: string): unknown {
  const [, event, latitude, longitude] = /^(\w+)@(-?[\d.]+),(-?[\d.]+)$/.exec(text) ?? [];
  if (event === undefined) throw new InvalidArgumentError("It must look like sunset@52.52,13.41.");
  return { event, latitude: Number(latitude), longitude: Number(longitude) };
}
