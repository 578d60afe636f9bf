// `apium import …`: a facility out of CSV or XLSX files. The files are read here, the rows are judged there; whatever is
// wrong is told with its file, line and column.
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { readFiles, SheetError, type SheetRow, tableFiles } from "../../spreadsheet/index.ts";
import { type Answer, CliError, type Client, EXIT } from "../client.ts";
import { bad, dim, facts, good, type Output, odd, table } from "../output.ts";

/** A request's body may have 1 MB. */
const CHUNK_CHARACTERS = 300_000;
const CHUNK_ROWS = 500;
const LOOK_EVERY_MS = 300;
const SHOWN_PROBLEMS = 50;
/** States of a task that will not go on by itself. */
const OVER = new Set(["FAILURE", "REVOKED"]);

interface Options {
  readonly client?: string;
  readonly dryRun?: boolean;
  readonly skipBad?: boolean;
}

export function importCommands(program: Command, client: () => Client, output: Output): void {
  const group = program.command("import").description("take a facility in from CSV or XLSX files");

  group
    .command("files <paths...>", { isDefault: true })
    .description("files, or folders of them: sites.csv, people.csv, jobs.csv, … or one .xlsx with these sheets")
    .option("--dry-run", "do everything, say what would happen, keep nothing")
    .option("--skip-bad", "take in the good rows though others are bad")
    .option("--client <code>", "the client it is about, where the files do not say")
    .action(async (paths: string[], options: Options) => {
      const rows = await read(paths);
      const done = await deliver(client(), rows, options);
      output.show(done, reportText);
      if (done.state === "REFUSED") throw new CliError(EXIT.refused, "IMPORT_REFUSED", "");
    });

  group
    .command("columns [kind]")
    .description("what the files are called and which columns they have")
    .action(async (kind: string | undefined) => {
      const { items } = await client().get("/imports/kinds");
      const chosen = items.filter((item: Answer) => kind === undefined || item.kind === kind);
      if (chosen.length === 0) throw new CliError(EXIT.usage, "KIND_UNKNOWN", `nothing is called ${kind}`);
      output.show({ items: chosen }, () => chosen.map(kindText).join("\n\n"));
    });
}

/** @throws CliError with everything that cannot be read, file by file. */
async function read(paths: readonly string[]): Promise<SheetRow[]> {
  const rows: SheetRow[] = [];
  const wrong: SheetError[] = [];
  const collect = async (work: () => Promise<void>) =>
    work().catch((error: unknown) => {
      if (!(error instanceof SheetError)) throw error;
      wrong.push(error);
    });
  let files: string[] = [];
  await collect(async () => {
    files = await tableFiles(paths);
  });
  for (const file of files) {
    await collect(async () => {
      for await (const row of readFiles([file])) rows.push(row);
    });
  }
  if (wrong.length === 0 && rows.length > 0) return rows;
  const lines = wrong.map(({ file, line, message }) => `${file}${line === null ? "" : ` line ${line}`}: ${message}`);
  throw new CliError(EXIT.refused, "FILES_UNREADABLE", lines.length === 0 ? "there are no rows" : lines.join("\n"));
}

async function deliver(client: Client, rows: readonly SheetRow[], options: Options): Promise<Answer> {
  const { id } = await client.send("POST", "/imports", options.client === undefined ? {} : { client: options.client });
  const bar = progressBar();
  bar.start("sending", rows.length);
  try {
    for (const chunk of chunksOf(rows)) {
      await client.send("POST", `/imports/${id}/rows`, { rows: chunk });
      bar.add(chunk.length);
    }
    await client.send("POST", `/imports/${id}/run`, {
      dryRun: options.dryRun === true,
      skipBad: options.skipBad === true,
    });
    bar.start(options.dryRun === true ? "checking" : "taking in", rows.length);
    const done = await finished(client, id, (fraction) => bar.set(Math.round(fraction * rows.length)));
    bar.set(rows.length);
    return { ...done, problems: await problemsOf(client, id) };
  } finally {
    bar.stop();
  }
}

async function finished(client: Client, id: number, tell: (fraction: number) => void): Promise<Answer> {
  for (;;) {
    const found = await client.get(`/imports/${id}`);
    if (found.state !== "QUEUED") return found;
    if (OVER.has(found.taskState)) {
      const message = `the import ended as ${found.taskState}; nothing was kept. See the task ${found.taskId}.`;
      throw new CliError(EXIT.refused, "IMPORT_FAILED", message);
    }
    if (typeof found.progress?.fraction === "number") tell(found.progress.fraction);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function problemsOf(client: Client, id: number): Promise<Answer[]> {
  const problems: Answer[] = [];
  for (let cursor: string | undefined; ; ) {
    const { items, nextCursor } = await client.get(`/imports/${id}/problems`, { limit: 500, cursor });
    problems.push(...items);
    if (nextCursor === null) return problems;
    cursor = nextCursor;
  }
}

function* chunksOf(rows: readonly SheetRow[]): Generator<SheetRow[]> {
  let chunk: SheetRow[] = [];
  let size = 0;
  for (const row of rows) {
    const length = JSON.stringify(row).length;
    if (chunk.length > 0 && (size + length > CHUNK_CHARACTERS || chunk.length === CHUNK_ROWS)) {
      yield chunk;
      chunk = [];
      size = 0;
    }
    chunk.push(row);
    size += length;
  }
  if (chunk.length > 0) yield chunk;
}

/** On a terminal only, and there beside the output, which stays for the result. */
function progressBar() {
  const shown = process.stderr.isTTY === true;
  let bar: SingleBar | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(what: string, total: number) {
      stop();
      if (!shown) return;
      const format = `${what.padEnd(9)} {bar} {value} of {total} rows`;
      bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, barsize: 30 });
      bar.start(total, 0);
    },
    add: (count: number) => bar?.increment(count),
    set: (value: number) => bar?.update(value),
    stop,
  };
}

const VERDICTS: Readonly<Record<string, string>> = {
  DONE: good("taken in"),
  CHECKED: good("checked: nothing was kept (dry run)"),
  REFUSED: bad("refused: nothing was kept"),
};

function reportText({ state, counts, bad: wrong, problems, skipsBad }: Answer): string {
  const kinds = Object.entries(counts as Record<string, Answer>).map(([kind, one]) => [
    ...[kind, one.rows, one.created, one.changed, one.unchanged],
    one.bad > 0 ? bad(String(one.bad)) : "0",
  ]);
  const shown = problems
    .slice(0, SHOWN_PROBLEMS)
    .map((one: Answer) => [
      ...[`${one.file}${one.line === null ? "" : `:${one.line}`}`, one.column, one.value, one.message],
    ]);
  const rest = problems.length - shown.length;
  return [
    table(["WHAT", "ROWS", "CREATED", "CHANGED", "UNCHANGED", "BAD"], kinds),
    ...(shown.length > 0 ? ["", table(["WHERE", "COLUMN", "VALUE", "WHY"], shown)] : []),
    ...(rest > 0 ? [dim(`… and ${rest} more; --json has them all`)] : []),
    "",
    wrong > 0 && skipsBad
      ? odd(`taken in without ${wrong} bad ${wrong === 1 ? "row" : "rows"}`)
      : (VERDICTS[state] ?? state),
  ].join("\n");
}

function kindText({ kind, key, columns }: Answer): string {
  const rows = columns.map(({ name, type, isRequired, meaning }: Answer) => [
    ...[name, isRequired ? good("required") : "", type, meaning],
  ]);
  return [
    facts([[kind, dim(`one row for each ${key.join(" + ")}`)]]),
    table(["COLUMN", "", "VALUE", "MEANING"], rows),
  ].join("\n");
}
