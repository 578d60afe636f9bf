// `apium tasks result`, `forget`, `requeue` and `run-now`: what a task has come to, and second runs. After an outage:
// `run-now` for what waits for another attempt, `dead-letters requeue` for what has given up.
import type { Command } from "commander";
import { type Answer, CliError, type Client, EXIT } from "../client.ts";
import { bad, dim, good, type Output, odd } from "../output.ts";
import { endWhenRefused } from "./dead-letters.ts";
import { wholeNumber } from "./tasks.ts";

export function runAgainCommands(tasks: Command, client: () => Client, output: Output): void {
  tasks
    .command("result <task>")
    .description("what it has come to; ends with 1 unless that is SUCCESS")
    .option("-w, --wait <duration>", "until it has ended, and no longer than this")
    .option("--traceback", "of a failure the stack, too")
    .action(async (task: string, { wait, traceback }) => {
      const answer = await client().get(`${at(task)}/result`, { wait });
      output.show(answer, (seen) => resultText(seen, traceback === true));
      if (answer.state !== "SUCCESS")
        throw new CliError(EXIT.refused, answer.isReady ? "TASK_FAILED" : "NOT_READY", "");
    });

  tasks
    .command("forget <task>")
    .description("delete its result before it expires; what is known of the task stays")
    .action(async (task: string) =>
      output.show(await client().send("DELETE", `${at(task)}/result`), ({ forgotten }) =>
        forgotten ? good("forgotten") : odd("there was no result"),
      ),
    );

  tasks
    .command("requeue [tasks...]")
    .description("run finished tasks again, as new ones, each at most once: these, or all that fit")
    .option("-n, --name <name>", "of this name")
    .option("-q, --queue <queue>", "of this queue")
    .option("-s, --state <states>", "that ended so, with commas: FAILURE,REVOKED,SUCCESS", listed)
    .option("-c, --code <code>", "with this error code")
    .option("-t, --text <text>", "with this text in the error or the parameters")
    .option("--since <instant>", "that ended at or after this instant, ISO 8601")
    .option("--until <instant>", "that ended before this instant, ISO 8601")
    .option("--rate <rate>", "no more than so many in a while: 10/s")
    .option("-l, --limit <n>", "at most so many; default and most 1000", wholeNumber)
    .option("--dry-run", "only count them")
    .action(async (ids: readonly string[], { state, json: _json, ...options }) => {
      const body = { ...options, ...(state === undefined ? {} : { states: state }), ...chosen(ids) };
      const answer = await client().send("POST", "/tasks/retry", body);
      output.show(answer, retriedText);
      endWhenRefused(answer);
    });

  tasks
    .command("run-now [tasks...]")
    .description("do not wait for their time or their retries' delays: these, or all that fit")
    .option("-n, --name <name>", "of this name")
    .option("-q, --queue <queue>", "of this queue")
    .option("--tenant <tenant>", "of this tenant")
    .option("-t, --text <text>", "with this text in their parameters")
    .option("-s, --state <states>", "only in these states, with commas: SCHEDULED,RETRY", listed)
    .option("--rate <rate>", "no more than so many in a while: 10/s")
    .option("--dry-run", "only count them")
    .action(async (ids: readonly string[], { state, json: _json, ...options }) => {
      const [id] = ids;
      const { dryRun, ...filter } = options;
      const isOne = id !== undefined && ids.length === 1 && Object.keys(filter).length === 0 && state === undefined;
      const body = { ...options, ...(state === undefined ? {} : { states: state }), ...chosen(ids) };
      const answer = isOne
        ? await client().send("POST", `${at(id)}/run-now`, { dryRun })
        : await client().send("POST", "/tasks/run-now", body);
      output.show(answer, releasedText);
    });
}

function at(task: string): string {
  return `/tasks/${encodeURIComponent(task)}`;
}

function chosen(ids: readonly string[]): object {
  return ids.length === 0 ? {} : { ids };
}

function listed(text: string): string[] {
  return text.split(",").map((one) => one.trim());
}

function resultText({ state, isReady, reason, hasResult, result, error }: Answer, withStack: boolean): string {
  if (!isReady) return odd(`${state}: it has not ended yet`);
  if (state === "SUCCESS") {
    return `${good(state)}\n${hasResult ? JSON.stringify(result, null, 2) : dim("no result, or no longer")}`;
  }
  const stack = withStack && error?.stack !== undefined ? `\n${dim(error.stack)}` : "";
  return `${bad(state)} ${error?.message ?? reason ?? ""}${stack}`;
}

function retriedText({ dryRun, matched, byState, retried, refused, left }: Answer): string {
  const found = `${matched} found${statesText(byState)}`;
  if (dryRun) return `${found}; ${odd("nothing was done")}`;
  const refusals = refused.map(({ id, code }: Answer) => `\n  ${id}: ${code}`).join("");
  const more = left > 0 ? odd(`\n${left} are left: say it again`) : "";
  return `${found}; ${retried.length} run again, ${refused.length} refused${refusals}${more}`;
}

function releasedText({ dryRun, matched, byState, held, rateLimited, released }: Answer): string {
  const staying = [
    ...(held > 0 ? [`${held} held by a pause`] : []),
    ...(rateLimited > 0 ? [`${rateLimited} at their rate's own slots`] : []),
  ];
  const rest = staying.length === 0 ? "" : dim(`; ${staying.join(", ")}`);
  if (matched === 0) return odd("nothing of that waits for its time");
  return `${matched} waiting${statesText(byState)}; ${dryRun ? odd("nothing was done") : `${released} due now`}${rest}`;
}

function statesText(byState: Readonly<Record<string, number>>): string {
  const states = Object.entries(byState).map(([state, count]) => `${count} ${state}`);
  return states.length === 0 ? "" : ` (${states.join(", ")})`;
}
