/**
 * What watching costs the workers: the product's gateway in a process, a worker in another, 500 tasks a second (1 000 events
 * and more), in turn with nobody watching, with a program that reads every event from the gateway, and with the dashboard's
 * overview and its list of tasks open in Chromium, which needs the same cores for its pictures. Says how many tasks ran, what
 * one costs the worker's process, and how late tasks start. Medians of the rounds. At the end it keeps a picture of the
 * overview at work, if a file is named for it.
 * `node_modules/.bin/node bench/dashboard.ts [--rounds 5] [--seconds 15] [--picture overview.png]`
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { chromium } from "playwright-core";
import { migrate, openPostgres } from "../database/index.ts";
import { JetStreamQueue, RUNTIME_MIGRATIONS, Runtime } from "../runtime/index.ts";
import { start } from "../test/support/programs.ts";
import { findBinary } from "../test/support/servers/find-binary.ts";
import { startNats, startPostgres } from "../test/support/servers/index.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { observed, type WorkerFigures } from "./dashboard-worker.ts";

const TOKEN = "token-of-the-bench-for-admins";
const BATCH = 25;
const BATCHES_A_SECOND = 20;
const WARM_UP_S = 5;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const { values } = parseArgs({
  options: { rounds: { type: "string" }, seconds: { type: "string" }, picture: { type: "string" } },
});
const rounds = Number(values.rounds ?? 5);
const seconds = Number(values.seconds ?? 15);

const [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
const folder = temporaryFolder();
const gateway = await start({
  ...{ DATABASE_URL: postgres.url, NATS_URL: nats.url, DATA_DIR: folder.path, QUEUES: "" },
  ...{ SERVICES: "gateway,scheduler,cache", API_TOKENS: `admin:${TOKEN}` },
});
const worker = fork(new URL("./dashboard-worker.ts", import.meta.url), [postgres.url, nats.url]);
await once(worker, "message");
const browser = await chromium.launch({
  executablePath: findBinary("chromium") ?? "",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
const database = openPostgres({ url: postgres.url });
await migrate(database, [RUNTIME_MIGRATIONS]);
const caller = new Runtime({
  database,
  queues: [],
  queue: (parts, expect) => new JetStreamQueue({ url: nats.url, database }, parts, expect),
});
await caller.open();

/** Five hundred tasks a second, at an even pace. */
async function load(forSeconds: number): Promise<void> {
  const began = performance.now();
  for (let batch = 0; batch < forSeconds * BATCHES_A_SECOND; batch += 1) {
    const now = Date.now();
    await observed.enqueueMany(
      caller,
      Array.from({ length: BATCH }, () => ({ sentAt: now })),
    );
    const restMs = began + ((batch + 1) * 1_000) / BATCHES_A_SECOND - performance.now();
    if (restMs > 0) await pause(restMs);
  }
}

async function ask(child: ChildProcess): Promise<WorkerFigures> {
  child.send("figures");
  const [figures] = (await once(child, "message")) as [WorkerFigures];
  return figures;
}

/** Who watches; each returns how to stop. */
const WATCHERS: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  nobody: async () => async () => {},
  "a reader of events": async () => {
    const leave = new AbortController();
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const response = await fetch(`${gateway.url}/events`, { headers, signal: leave.signal });
    const reading = (async () => {
      for await (const _ of response.body ?? []);
    })().catch(() => {});
    return () => {
      leave.abort();
      return reading;
    };
  },
  "a browser": async () => {
    const context = await browser.newContext({ baseURL: gateway.url });
    for (const path of [`/?token=${TOKEN}`, "/tasks"]) await (await context.newPage()).goto(path);
    return () => context.close();
  },
};

async function round(watch: () => Promise<() => Promise<unknown>>): Promise<WorkerFigures> {
  const leave = await watch();
  await load(WARM_UP_S);
  await ask(worker);
  await load(seconds);
  await pause(500);
  const figures = await ask(worker);
  await leave();
  return figures;
}

const seen = new Map(Object.keys(WATCHERS).map((name) => [name, [] as WorkerFigures[]]));
for (let turn = 0; turn < rounds; turn += 1) {
  for (const [name, watch] of Object.entries(WATCHERS)) seen.get(name)?.push(await round(watch));
  process.stderr.write(`round ${turn + 1} of ${rounds}\n`);
}

if (values.picture !== undefined) {
  const page = await browser.newPage({ baseURL: gateway.url, viewport: { width: 1280, height: 900 } });
  await page.goto(`/?token=${TOKEN}`);
  await page.getByText("15 min", { exact: true }).click();
  await load(WARM_UP_S);
  await page.screenshot({ path: values.picture });
}

const table = new Table({ head: ["who watches", "tasks run", "CPU µs a task", "start p50 ms", "start p99 ms"] });
for (const [name, figures] of seen) {
  const middle = (["done", "cpuUs", "p50Ms", "p99Ms"] as const).map((figure) =>
    median(figures.map((one) => one[figure])),
  );
  table.push([name, ...middle.map((value) => value.toFixed(1))]);
}
console.log(table.toString());
for (const [name, figures] of [...seen].slice(1)) {
  const ratios = figures.map(({ cpuUs }, turn) => cpuUs / (seen.get("nobody")?.[turn]?.cpuUs ?? Number.NaN));
  console.log(`${name}, CPU a task beside nobody's, round by round: ${ratios.map((one) => one.toFixed(2)).join(" ")}`);
}

await browser.close();
worker.send("stop");
await once(worker, "exit");
await caller.stop(0);
await database.close();
await gateway.stop();
folder.remove();
await Promise.all([postgres.stop(), nats.stop()]);
