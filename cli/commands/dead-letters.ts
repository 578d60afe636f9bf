// `apium dead-letters …`: tasks that have failed for good, and bytes that were no task. Look, understand, run again, dismiss.
import type { Command } from "commander";
import { type Answer, CliError, type Client, EXIT } from "../client.ts";
import { confirm } from "../confirmed.ts";
import { bad, dim, facts, good, moment, type Output, odd, table, when } from "../output.ts";
import { jsonOf, wholeNumber } from "./tasks.ts";

export function deadLetterCommands(program: Command, client: () => Client, output: Output): void {
  const letters = program
    .command("dead-letters")
    .description("tasks that have failed for good: look, run again, dismiss");

  filtered(letters.command("list", { isDefault: true }).description("oldest first"))
    .option("--handled", "those that somebody has handled")
    .option("-l, --limit <n>", "how many; default 50", wholeNumber)
    .option("--cursor <cursor>", "go on where a page ended")
    .action(async ({ handled, json: _json, ...filter }) => {
      const answer = await client().get("/dead-letters", { ...filter, ...(handled === true ? { handled: true } : {}) });
      output.show(answer, listText);
    });

  letters
    .command("show <id>")
    .description("one in full: its parameters, its error, what became of it")
    .action(async (id: string) => output.show(await client().get(at(id)), letterText));

  filtered(letters.command("requeue [ids...]").description("run again: these, or with --all or a filter all that fit"))
    .option("--all", "all there are")
    .option("-p, --params <json>", "with these parameters instead (of one)")
    .option("--rate <rate>", "no more than so many in a while: 10/s")
    .option("-l, --limit <n>", "at most so many; default and most 1000", wholeNumber)
    .option("--dry-run", "only count them")
    .action(async (ids: readonly string[], { params, all, json: _json, ...options }) => {
      const [id] = ids;
      if (id !== undefined && ids.length === 1 && Object.keys(options).length === 0) {
        const body = params === undefined ? {} : { params: jsonOf(params) };
        const answer = await client().send("POST", `${at(id)}/requeue`, body);
        return output.show(answer, ({ id: task }) => `${good("accepted")} ${task}`);
      }
      refuseUnnamed(ids, all, options);
      if (params !== undefined) throw usage("PARAMS_OF_ONE", "other parameters are given to one dead letter at a time");
      const answer = await client().send("POST", "/dead-letters/requeue", { ...options, ...chosen(ids) });
      output.show(answer, requeuedText);
      endWhenRefused(answer);
    });

  filtered(letters.command("dismiss [ids...]").description("they need no attention any more; nothing is run"))
    .option("--all", "all there are; --yes says that you mean it")
    .option("--dry-run", "only count them")
    .option("--yes", "do it")
    .action(async (ids: readonly string[], { all, yes, json: _json, ...options }) => {
      const [id] = ids;
      if (id !== undefined && ids.length === 1 && Object.keys(options).length === 0) {
        return output.show(await client().send("POST", `${at(id)}/dismiss`), () => good("dismissed"));
      }
      refuseUnnamed(ids, all, options);
      if (all === true) confirm({ yes, dryRun: options.dryRun }, "dismisses every dead letter that fits");
      const answer = await client().send("POST", "/dead-letters/dismiss", { ...options, ...chosen(ids), all });
      output.show(answer, ({ dryRun, matched, dismissed, byName }) =>
        dryRun ? dryText(matched, byName) : `${dismissed} dismissed`,
      );
    });
}

function filtered(command: Command): Command {
  return command
    .option("-n, --name <name>", "of this task")
    .option("-q, --queue <queue>", "of this queue")
    .option("-c, --code <code>", "with this error code: TASK_REJECTED, ECONNREFUSED, …")
    .option("-t, --text <text>", "with this text in the error or the parameters")
    .option("--since <instant>", "that died at or after this instant, ISO 8601")
    .option("--until <instant>", "that died before this instant, ISO 8601");
}

function at(id: string): string {
  return `/dead-letters/${encodeURIComponent(id)}`;
}

function chosen(ids: readonly string[]): object {
  return ids.length === 0 ? {} : { ids };
}

function refuseUnnamed(
  ids: readonly string[],
  all: unknown,
  { limit, rate, dryRun, ...filter }: object & Answer,
): void {
  if (ids.length > 0 || all === true || dryRun === true || Object.keys(filter).length > 0) return;
  throw usage("NOTHING_NAMED", "name some, or say --all, --name, --queue, --code, --text, --since or --until");
}

function usage(code: string, message: string): CliError {
  return new CliError(EXIT.usage, code, message);
}

function listText({ items, nextCursor }: Answer): string {
  const rows = items.map((letter: Answer) => [
    letter.id,
    letter.name,
    letter.queue,
    when(letter.createdAt),
    letter.error?.code ?? null,
    bad(String(letter.error?.message ?? "").slice(0, 80)),
  ]);
  const more = nextCursor === null ? "" : `\n${dim(`more: --cursor ${nextCursor}`)}`;
  return `${table(["DEAD LETTER", "NAME", "QUEUE", "DIED", "CODE", "ERROR"], rows)}${more}`;
}

function letterText(letter: Answer): string {
  const { error } = letter;
  const handled =
    letter.handledAt === null
      ? odd("open")
      : `${letter.requeuedAs === null ? "dismissed" : "run again"} ${moment(letter.handledAt)} by ${letter.handledBy ?? "?"}`;
  return [
    facts([
      ["dead letter", letter.id],
      ["task", letter.taskId ?? undefined],
      ["name", letter.name ?? odd("bytes that were no task")],
      ["queue", letter.queue],
      ["params", letter.name === null ? undefined : JSON.stringify(letter.params)],
      ["bytes", letter.raw === null ? undefined : `${letter.raw} ${dim("base64")}`],
      ["died", moment(letter.createdAt)],
      ["code", error?.code],
      ["error", error?.message === undefined ? undefined : bad(error.message)],
      ["cause", error?.cause?.message],
      ["state", handled],
      ["became", letter.requeuedAs ?? undefined],
    ]),
    ...(error?.stack === undefined ? [] : [dim(error.stack)]),
  ].join("\n\n");
}

function requeuedText({ dryRun, matched, byName, requeued, refused, left }: Answer): string {
  if (dryRun) return dryText(matched, byName);
  const refusals = refused.map((each: Answer) => `\n  ${each.id}: ${each.message ?? each.code}`);
  const more = left > 0 ? odd(`\n${left} are left: say it again`) : "";
  return `${requeued.length} run again, ${refused.length} refused${refusals.join("")}${more}`;
}

function dryText(matched: number, byName: Readonly<Record<string, number>>): string {
  const names = Object.entries(byName).map(([name, count]) => `${count} ${name}`);
  return `${matched} found${names.length === 0 ? "" : ` (${names.join(", ")})`}; ${odd("nothing was done")}`;
}

/** A script must see that something stayed. */
export function endWhenRefused({ refused }: Answer): void {
  if (refused.length > 0) throw new CliError(EXIT.refused, "REFUSED", bad(`${refused.length} refused`));
}
