// `apium reports …`: order a report, see how it stands, take its file; and the schedules that make them.
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Command, InvalidArgumentError } from "commander";
import { type Answer, CliError, type Client, EXIT } from "../client.ts";
import { bad, dim, facts, good, moment, type Output, odd, table, when } from "../output.ts";

const LOOK_EVERY_MS = 500;
const UNFINISHED = new Set(["QUEUED", "RUNNING"]);

export function reportCommands(program: Command, client: () => Client, output: Output): void {
  const reports = program.command("reports").description("reports: order, look at, download");

  reports
    .command("list", { isDefault: true })
    .description("what was ordered, newest first")
    .option("-n, --limit <n>", "how many", "20")
    .option("--state <state>", "QUEUED, RUNNING, READY, NO_DATA, FAILED or EXPIRED")
    .action(async ({ limit, state }) =>
      output.show(await client().get("/reports", { limit, state }), ({ items }) => listText(items)),
    );

  reports
    .command("catalogue [report]")
    .description("every report with its formats, or one with its parameters")
    .action(async (report: string | undefined) => {
      const { items } = await client().get("/reports/catalogue");
      const chosen = items.filter(({ key }: Answer) => report === undefined || key === report);
      if (chosen.length === 0) throw new CliError(EXIT.usage, "REPORT_UNKNOWN", `there is no report ${report}`);
      output.show({ items: chosen }, () => (report === undefined ? catalogueText(chosen) : parametersText(chosen[0])));
    });

  reports
    .command("order <report>")
    .description("order a report; with --out wait for it and keep its file")
    .option("--format <format>", "pdf, xlsx, csv, json or html", "pdf")
    .option("--param <name=value...>", "a parameter; JSON where it is no text: siteIds=[1,2]", parameter, {})
    .option("--from <instant>", "begin of the period: ISO 8601")
    .option("--upto <instant>", "its end, not included")
    .option("--to <address...>", "also send it there")
    .option("--out <file>", "where the file is kept")
    .action(async (report: string, { format, param, from, upto, to, out }) => {
      const period = { ...(from === undefined ? {} : { from }), ...(upto === undefined ? {} : { upto }) };
      const body = { report, format, params: { ...param, ...period }, ...(to === undefined ? {} : { to }) };
      const ordered = await client().send("POST", "/reports", body);
      if (out === undefined) return output.show(ordered, runText);
      const done = await finished(client(), ordered.id);
      if (done.state === "READY") await keep(client(), done.id, out);
      output.show(done, (run) => (run.state === "READY" ? `${runText(run)}\n${good(out)}` : runText(run)));
      if (done.state === "FAILED") throw new CliError(EXIT.refused, "REPORT_FAILED", "");
    });

  reports
    .command("show <id>")
    .description("state, progress and deliveries of a report")
    .action(async (id) => output.show(await client().get(`/reports/${id}`), runText));

  reports
    .command("download <id> <file>")
    .description("keep the file of a report")
    .action(async (id, file) => {
      await keep(client(), id, file);
      output.show({ id, file }, () => good(file));
    });

  reports
    .command("retry <id>")
    .description("make one again that failed, or whose file is gone")
    .action(async (id) => output.show(await client().send("POST", `/reports/${id}/retry`), runText));

  reports
    .command("schedules")
    .description("schedules of reports")
    .action(async () =>
      output.show(await client().get("/report-schedules", { limit: 500 }), ({ items }) => schedulesText(items)),
    );
}

async function finished(client: Client, id: number): Promise<Answer> {
  for (;;) {
    const run = await client.get(`/reports/${id}`);
    if (!UNFINISHED.has(run.state)) return run;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Under its name only when it is whole. */
async function keep(client: Client, id: number | string, file: string): Promise<void> {
  const part = `${file}.part`;
  try {
    const body = await client.download(`/reports/${id}/file`);
    await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(part));
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}

function parameter(text: string, before: Record<string, unknown>): Record<string, unknown> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("write it as name=value");
  const value = text.slice(at + 1);
  return { ...before, [text.slice(0, at)]: /^[[{"\d-]|^(true|false|null)$/.test(value) ? parsed(value) : value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function stateText(state: string): string {
  if (state === "READY") return good(state);
  if (state === "FAILED") return bad(state);
  return state === "NO_DATA" || state === "EXPIRED" ? odd(state) : state;
}

function listText(items: Answer[]): string {
  const rows = items.map((run) => [
    ...[run.id, run.report, run.format, stateText(run.state) + (run.isLate ? odd(" late") : "")],
    ...[run.rows, size(run.bytes), when(run.createdAt), run.requestedBy],
  ]);
  return table(["ID", "REPORT", "FORMAT", "STATE", "ROWS", "SIZE", "ORDERED", "BY"], rows);
}

function runText(run: Answer): string {
  const { periodFrom, periodUpto, progress, error, deliveries = [] } = run;
  const pairs = facts([
    ["report", `${run.title} (${run.report})`],
    ["id", run.id],
    ["state", stateText(run.state)],
    ["progress", progress?.message],
    ["period", periodFrom === null ? undefined : `${moment(periodFrom)} – ${moment(periodUpto)}`],
    ["file", run.fileName ?? undefined],
    ["size", run.bytes === null ? undefined : `${size(run.bytes)}, ${run.rows} rows`],
    ["kept until", run.state === "READY" ? moment(run.expiresAt) : undefined],
    ["error", error === null || error === undefined ? undefined : `${error.code}: ${error.message}`],
  ]);
  if (deliveries.length === 0) return pairs;
  const rows = deliveries.map((one: Answer) => [
    ...[[...one.to, ...one.cc].join(", ") || `${one.toPersonIds.length} people`, one.state, moment(one.dueAt)],
    one.sentAt === null ? null : moment(one.sentAt) + (one.isLate ? odd(" late") : ""),
  ]);
  return `${pairs}\n\n${table(["TO", "STATE", "DUE", "SENT"], rows)}`;
}

function catalogueText(items: Answer[]): string {
  return table(
    ["REPORT", "TITLE", "FORMATS", "WHAT IT SAYS"],
    items.map(({ key, title, formats, description }) => [key, title, formats.join(" "), description]),
  );
}

function parametersText({ key, title, params }: Answer): string {
  const required = new Set<string>(params.required ?? []);
  const rows = Object.entries(params.properties as Record<string, Answer>).map(([name, schema]) => [
    ...[name, required.has(name) ? good("required") : "", schema.type ?? dim("see the API"), schema.description ?? ""],
  ]);
  return `${facts([[key, title]])}\n${table(["PARAMETER", "", "TYPE", "MEANING"], rows)}`;
}

function schedulesText(items: Answer[]): string {
  const rows = items.map((one) => [
    ...[one.id, one.name, one.report, one.cron, `${one.sendAt.slice(0, 5)} ${one.timezone}`],
    one.enabled ? when(one.nextRunAt) : dim("disabled"),
  ]);
  return table(["ID", "NAME", "REPORT", "CRON", "SENT AT", "NEXT"], rows);
}

function size(bytes: number | null): string | null {
  if (bytes === null) return null;
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
