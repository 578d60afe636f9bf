// `apium explain <task id>`: why a task is not running.
import type { Command } from "commander";
import type { Answer, Client } from "../client.ts";
import { bad, dim, good, type Output, odd } from "../output.ts";

export function explainCommand(program: Command, client: () => Client, output: Output): void {
  program
    .command("explain <task>")
    .description("why a task is not running; with --key why a unique key made no new one")
    .option("--key", "<task> is a unique key")
    .action(async (task: string, { key }) => {
      const path = key === true ? "/unique-keys" : "/tasks";
      output.show(await client().get(`${path}/${encodeURIComponent(task)}/explain`), explanationText);
    });
}

function explanationText({ id, name, queue, state, reasons }: Answer): string {
  const lines = reasons.map(({ code, message }: Answer) => `${mark(code)}  ${message}`);
  return [`${name} ${dim(id)} is ${state} in the queue ${queue}`, ...lines].join("\n");
}

function mark(code: string): string {
  if (code === "RUNNING" || code === "ENDED") return good(code);
  return /PAUSED|CONSUMER/.test(code) ? bad(code) : odd(code);
}
