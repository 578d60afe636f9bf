// `apium audit`: who changed what.
import type { Command } from "commander";
import type { Answer, Client } from "../client.ts";
import { dim, moment, type Output, table } from "../output.ts";
import { instantOf, wholeNumber } from "./tasks.ts";

export function auditCommand(program: Command, client: () => Client, output: Output): void {
  program
    .command("audit")
    .description("who changed what, newest first")
    .option("-a, --action <prefix>", "what begins so: schedule., task., queue.")
    .option("--actor <name>", "of this one, or of all whose names begin so: operator, session:admin")
    .option("--target <id>", "to this task, queue, schedule, …")
    .option("--since <when>", "since: 2h (ago), or an instant such as 2026-12-24T18:00:00Z", instantOf)
    .option("--until <when>", "before", instantOf)
    .option("-l, --limit <n>", "how many; default 100", wholeNumber)
    .option("--cursor <cursor>", "go on where a page ended")
    .action(async ({ json: _json, ...filter }) => output.show(await client().get("/audit", filter), auditText));
}

function auditText({ items, nextCursor }: Answer): string {
  const rows = items.map((entry: Answer) => [
    moment(entry.at),
    entry.actor,
    entry.action,
    entry.target,
    dim(JSON.stringify(entry.details ?? {})),
  ]);
  const more = nextCursor === null ? "" : `\n${dim(`more: --cursor ${nextCursor}`)}`;
  return `${table(["AT", "WHO", "DID", "TO", ""], rows)}${more}`;
}
