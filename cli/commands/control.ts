// `apium control …`: changes while everything runs. What holds for all is kept and survives restarts; what is told to a
// worker lasts as long as its process. Ends with 1 when a worker refused or did not answer.
import { type Command, InvalidArgumentError } from "commander";
import type { Answer, Client } from "../client.ts";
import { confirm } from "../confirmed.ts";
import { dim, facts, good, type Output, odd } from "../output.ts";
import { answersText, endWith, named } from "./inspect.ts";

export function controlCommands(program: Command, client: () => Client, output: Output): void {
  const control = program.command("control").description("change what runs, while it runs");
  const send = (what: string, body: object) => client().send("POST", `/control/${what}`, given(body));

  named(control, "revoke", "[ids...]")
    .description("revoke tasks by id or by filter; --dry-run only counts them")
    .option("--name <task>", "of this type")
    .option("--queue <queue>", "in this queue")
    .option("--tenant <tenant>", "of this tenant")
    .option("--text <text>", "with this in their parameters")
    .option("--header <name=value>", "with this header; more than one may be given", header, {})
    .option("--state <states>", "only in these states, with commas: SCHEDULED,QUEUED,STARTED,RETRY,WAITING")
    .option("--terminate", "end running ones too, after their grace")
    .option("--grace <duration>", "between a running task's signal and its end; default 10s")
    .option("--dry-run", "only count them")
    .action(async (ids: readonly string[], { header: headers, state, json: _json, ...options }) => {
      const body = {
        ...options,
        ...(ids.length === 0 ? {} : { ids }),
        ...(Object.keys(headers).length === 0 ? {} : { headers }),
        ...(state === undefined ? {} : { states: state.split(",") }),
      };
      output.show(await send("revoke", body), revokedText);
    });

  named(control, "terminate", "<ids...>")
    .description("end tasks, running ones after their grace")
    .option("--grace <duration>", "default 10s")
    .option("--dry-run", "only count them")
    .action(async (ids: readonly string[], { grace, dryRun }) =>
      output.show(await send("terminate", { ids, grace, dryRun }), revokedText),
    );

  named(control, "rate_limit", "<task> <rate>")
    .description("starts per time in the whole system: 10/m; none: no limit; default: as defined")
    .action(async (task: string, rate: string) =>
      output.show(await send("rate_limit", { task, rate }), () => `${task}: rate ${rate}`),
    );

  named(control, "time_limit", "<task>")
    .description(
      "how long runs may take; default: as defined, what is not named stays. Runs that have begun keep theirs",
    )
    .option("--soft <duration>", "the handler's signal aborts after this")
    .option("--hard <duration>", "the attempt is ended after this")
    .action(async (task: string, { soft, hard }) =>
      output.show(
        await send("time_limit", { task, soft, hard }),
        (set) => `${task}: soft limit ${set.soft}, time limit ${set.hard}`,
      ),
    );

  for (const verb of ["pause", "resume"]) {
    named(control, verb)
      .description(verb === "pause" ? "take nothing more of it; what runs goes on" : "take from it again")
      .option("--queue <queue>", "a queue")
      .option("--task <task>", "a task type")
      .option("--tenant <tenant>", "a tenant: the header `tenant` of its tasks, else their parameter clientId")
      .action(async ({ queue, task, tenant }) => {
        const text = ({ kind, name, paused, released }: Answer) =>
          `${kind} ${name} is ${paused ? odd("paused") : good("not paused")}${released ? dim(`, ${tasks(released)} let go`) : ""}`;
        output.show(await send(verb, { queue, task, tenant }), text);
      });
  }

  /** An order to workers, with each one's answer. */
  const order = (what: string, words: string, description: string) =>
    named(control, what, words)
      .description(description)
      .option("-w, --worker <id>", "this worker only; several with commas. Default all");
  const tell = async (what: string, body: object, human: (answer: Answer) => string) => {
    const answers = await send(what, body);
    output.show(answers, (all) => answersText(all, human));
    endWith(answers, "did not answer in time and may do it yet, so look before you say it again");
  };
  const size = ({ size: slots }: Answer) => `${slots} slots`;
  const queues = ({ queues: names }: Answer) => (names.length === 0 ? odd("no queue") : names.join("\n"));

  order("pool_grow", "[n]", "more slots").action(async (n: string | undefined, { worker }) =>
    tell("pool_grow", { worker, n: count(n) }, size),
  );
  order("pool_shrink", "[n]", "fewer slots; what runs goes on").action(async (n: string | undefined, { worker }) =>
    tell("pool_shrink", { worker, n: count(n) }, size),
  );
  order("pool_restart", "", "new threads and processes for handlers that run apart; what runs ends first").action(
    async ({ worker }) =>
      tell("pool_restart", { worker }, ({ ended, running }) => `${ended} ended, ${running} end after their run`),
  );
  order("autoscale", "[min] [max]", "size itself between two bounds by what waits; --off: no more")
    .option("--off", "stop that; it stays as large as it is")
    .action(async (min: string | undefined, max: string | undefined, { worker, off }) =>
      tell("autoscale", { worker, off, min: count(min), max: count(max) }, ({ autoscale, size: slots }) =>
        autoscale === null ? `off, ${slots} slots` : `${autoscale.min} to ${autoscale.max}, now ${slots} slots`,
      ),
    );
  order("add_consumer", "<queue>", "take from this queue, too").action(async (queue: string, { worker }) =>
    tell("add_consumer", { worker, queue }, queues),
  );
  order("cancel_consumer", "<queue>", "take nothing more from this queue").action(async (queue: string, { worker }) =>
    tell("cancel_consumer", { worker, queue }, queues),
  );
  order("shutdown", "", "end workers: warm (what runs may end), soft (within 10s), cold (at once; tasks go back)")
    .option("--mode <mode>", "warm, soft or cold; default warm")
    .option("--within <duration>", "how long what runs may go on")
    .option("--all", "all of them; --yes says that you mean it")
    .option("--yes", "do it")
    .action(async ({ worker, mode, within, all, yes }) => {
      if (all === true) confirm({ yes }, "ends every worker there is", { hasDryRun: false });
      await tell(
        "shutdown",
        { worker, mode, within, all },
        ({ shutdown, running }) => `${shutdown}; ${running} running`,
      );
    });
  order("profile", "", "a CPU profile for Chrome's developer tools, in the worker's data folder (admin)")
    .option("--seconds <n>", "up to 30; default 5")
    .action(async ({ worker, seconds }) =>
      tell("profile", { worker, seconds: count(seconds) }, ({ file, bytes, top }) =>
        facts([
          ["file", file],
          ["size", `${Math.round(bytes / 1_024)} KB`],
          ...top.map(
            (one: Answer) => [`${(one.share * 100).toFixed(1)} %`, `${one.function} ${dim(one.place)}`] as const,
          ),
        ]),
      ),
    );
}

function given(body: object): object {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function revokedText({ dryRun, matched, byState, revoked, requested }: Answer): string {
  const states = Object.entries(byState).map(([state, number]) => `${number} ${state}`);
  const found = `${tasks(matched)} found${states.length === 0 ? "" : ` (${states.join(", ")})`}`;
  return dryRun
    ? `${found}; ${odd("nothing was done")}`
    : `${found}; ${revoked} revoked, ${requested} running were told`;
}

function tasks(number: number): string {
  return `${number} ${number === 1 ? "task" : "tasks"}`;
}

function header(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must look like name=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function count(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError(`"${text}" must be a number.`);
  return Number(text);
}
