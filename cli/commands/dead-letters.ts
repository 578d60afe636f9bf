// `apium dead-letters …`: tasks that have failed for good.
import type { Command } from "commander";
import { type Answer, CliError, type Client, EXIT } from "../client.ts";
import { bad, good, type Output, table, when } from "../output.ts";
import { jsonOf, wholeNumber } from "./tasks.ts";

export function deadLetterCommands(program: Command, client: () => Client, output: Output): void {
  const letters = program
    .command("dead-letters")
    .description("tasks that have failed for good: look, run again, dismiss");

  letters
    .command("list", { isDefault: true })
    .description("oldest first")
    .option("-n, --name <name>", "of this task")
    .option("-q, --queue <queue>", "of this queue")
    .option("--handled", "those that somebody has handled")
    .option("-l, --limit <n>", "how many; default 50", wholeNumber)
    .action(async ({ handled, ...filter }) => {
      const answer = await client().get("/dead-letters", { ...filter, ...(handled === true ? { handled: true } : {}) });
      output.show(answer, ({ items }) =>
        table(
          ["DEAD LETTER", "NAME", "QUEUE", "DIED", "ERROR"],
          items.map((letter: Answer) => [
            letter.id,
            letter.name,
            letter.queue,
            when(letter.createdAt),
            bad(String(letter.error?.message ?? letter.error?.code ?? "").slice(0, 80)),
          ]),
        ),
      );
    });

  letters
    .command("requeue [id]")
    .description("run one again, or with --all, --name or --queue all that fit")
    .option("-n, --name <name>", "all of this task")
    .option("-q, --queue <queue>", "all of this queue")
    .option("--all", "all there are")
    .option("-p, --params <json>", "with these parameters instead (of one)")
    .action(async (id: string | undefined, { name, queue, all, params }) => {
      if (id !== undefined) {
        const body = params === undefined ? {} : { params: jsonOf(params) };
        const answer = await client().send("POST", `/dead-letters/${encodeURIComponent(id)}/requeue`, body);
        return output.show(answer, ({ id: task }) => `${good("accepted")} ${task}`);
      }
      if (name === undefined && queue === undefined && all !== true) {
        throw new CliError(EXIT.usage, "NOTHING_NAMED", "name one, or say --name, --queue or --all");
      }
      const answer = await client().send("POST", "/dead-letters/requeue", { name, queue });
      output.show(answer, ({ requeued, refused }) => {
        const refusals = refused.map((each: Answer) => `\n  ${each.id}: ${each.message ?? each.code}`);
        return `${requeued.length} run again, ${refused.length} refused${refusals.join("")}`;
      });
    });

  letters
    .command("dismiss <id>")
    .description("it needs no attention any more")
    .action(async (id: string) => {
      const answer = await client().send("POST", `/dead-letters/${encodeURIComponent(id)}/dismiss`);
      output.show(answer, () => good("dismissed"));
    });
}
