// `apium tasks enqueue`: accept a task, with all that a caller may say about one except its backoff.
import { type Command, InvalidArgumentError } from "commander";
import type { Client } from "../client.ts";
import { dim, good, type Output } from "../output.ts";
import { jsonOf, wholeNumber } from "./tasks.ts";

export function enqueueCommand(tasks: Command, client: () => Client, output: Output): void {
  tasks
    .command("enqueue <name> [params]")
    .description("accept a task; [params] is JSON")
    .option("-w, --wait <duration>", "and wait for its result")
    .option("--queue <queue>", "in this queue")
    .option("--priority <n>", "0 to 9", wholeNumber)
    .option("--countdown <duration>", "start no earlier than this long from now")
    .option("--eta <instant>", "start no earlier than this instant, ISO 8601")
    .option("--expires <when>", "do not start later than this: a duration from now, or an instant")
    .option("--header <header...>", "that travels with it, written like tenant:acme; several too")
    .option("--task-id <uuid>", "under this id: asked again, it is the same task")
    .option("--idempotency-key <key>", "the same, for whoever has a name for it and no UUID")
    .option("--unique-key <key>", "at most one unfinished task with it")
    .option("--on-conflict <what>", "when that key is held: return the holder (default), or throw")
    .option("--max-retries <n>", "instead of what the task has", wholeNumber)
    .option("--retry-delay <duration>", "before the first of them")
    .option("--soft-time-limit <duration>", "the handler's signal aborts after this")
    .option("--time-limit <duration>", "the attempt is ended after this")
    .option("--result-expires <duration>", "how long its result is kept")
    .action(async (name: string, params: string | undefined, { wait, header, json: _json, ...given }) => {
      const query = wait === undefined ? "" : `?wait=${encodeURIComponent(wait)}`;
      const options = { ...given, ...(header === undefined ? {} : { headers: headersOf(header) }) };
      const body = { name, params: jsonOf(params), options };
      output.show(await client().send("POST", `/tasks${query}`, body), ({ id, state, queue, result }) =>
        wait === undefined
          ? `${good("accepted")} ${id} ${dim(`${state} in ${queue}`)}`
          : `${good("done")} ${id}\n${JSON.stringify(result, null, 2)}`,
      );
    });
}

function headersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf(":");
      if (at < 1) throw new InvalidArgumentError("a header must be written like tenant:acme");
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
