/**
 * `npm run bench`: Apium beside its peers on the same work, in turn, several rounds, on private servers that it starts
 * and stops. Options: --rounds 3, --only apium,graphile, --measure run,enqueueMany, --quick, --json FILE, --markdown FILE.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import pg from "pg";
import { installServers, startNats, startPostgres, startRedis } from "../test/support/servers/index.ts";
import { MEASURES, type Sizes } from "./measures.ts";
import { figures, markdown, type Sample, table } from "./report.ts";
import { SYSTEMS } from "./systems/index.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    measure: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    markdown: { type: "string" },
  },
});

const SETTINGS = { shared_buffers: "512MB", max_wal_size: "4GB", max_connections: "200" };
const RUN_TIMEOUT_MS = 240_000;
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;
const rounds = Number(options.rounds);
const sizes: Sizes = options.quick
  ? { many: 20_000, backlog: 50_000, latency: 100 }
  : { many: 100_000, backlog: 1_000_000, latency: 300 };
const systems = options.only?.split(",") ?? [...Object.keys(SYSTEMS), "celery"];
const measures = options.measure?.split(",") ?? Object.keys(MEASURES);
/** Where a peer would take minutes, it gets less of the same work. */
const SLOW: Readonly<Record<string, number>> = { "bullmq-postgres": 10_000, celery: 5_000 };
/** A million queued is our own question; peers are asked the others. */
const OWN_ONLY = ["backlog"];

await installServers((line) => console.error(line));
const samples: Sample[] = [];
for (let round = 1; round <= rounds; round++) {
  for (const measure of measures) {
    for (const system of systems) {
      if (OWN_ONLY.includes(measure) && !["apium", "apium-postgres"].includes(system)) continue;
      const sample = system === "celery" ? await runCelery(measure, round) : await runOne(system, measure, round);
      if (sample === undefined) continue;
      samples.push(sample);
      console.error(`round ${round} ${measure} ${system}: ${JSON.stringify(sample.numbers)}`);
    }
  }
}
const all = figures(samples);
console.log(table(all));
const about = {
  machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
  node: process.version,
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim(),
  date: new Date().toISOString(),
  rounds,
  sizes,
  postgres: SETTINGS,
};
if (options.json) writeFileSync(options.json, JSON.stringify({ about, figures: all, samples }, null, 2));
if (options.markdown) writeFileSync(options.markdown, `${markdown(all)}\n`);

/** Fresh servers for every measure, so that nobody inherits a warm cache or a full table. */
async function runOne(system: string, measure: string, round: number): Promise<Sample | undefined> {
  const [postgres, nats, redis] = await Promise.all([
    startPostgres({ durable: true, settings: SETTINGS }),
    startNats(),
    startRedis(),
  ]);
  const dataDir = mkdtempSync(join(tmpdir(), "apium-bench-"));
  try {
    await createDatabase(postgres.url);
    const url = new URL(postgres.url);
    url.pathname = "/bench";
    const own = SLOW[system] === undefined ? sizes : { ...sizes, many: Math.min(sizes.many, SLOW[system]) };
    const child = spawnSync(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        fileURLToPath(new URL("./run-one.ts", import.meta.url)),
        system,
        measure,
        JSON.stringify(own),
      ],
      {
        env: {
          ...process.env,
          DATABASE_URL: url.href,
          REDIS_URL: redis.url,
          NATS_URL: nats.url,
          BENCH_DATA_DIR: dataDir,
          NODE_ENV: "production",
        },
        timeout: RUN_TIMEOUT_MS,
        encoding: "utf8",
        maxBuffer: MOST_OUTPUT_BYTES,
      },
    );
    const last = child.stdout.trim().split("\n").at(-1) ?? "";
    if (!last.startsWith("{")) {
      console.error(
        `round ${round} ${measure} ${system}: no figure (${child.signal ?? child.status})\n${child.stderr.slice(-1_500)}`,
      );
      return undefined;
    }
    return { system, measure, round, numbers: JSON.parse(last) };
  } finally {
    await Promise.all([postgres.stop(), nats.stop(), redis.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function runCelery(measure: string, round: number): Promise<Sample | undefined> {
  if (measure !== "run") return undefined;
  if (spawnSync("/usr/bin/python3", ["-c", "import celery, redis"]).status !== 0) {
    console.error("celery: skipped; it needs Debian's python3-celery and python3-redis");
    return undefined;
  }
  const redis = await startRedis();
  const folder = mkdtempSync(join(tmpdir(), "apium-celery-"));
  try {
    copyFileSync(new URL("./systems/celery.py", import.meta.url), join(folder, "celery_bench.py"));
    const child = spawnSync("/usr/bin/python3", ["celery_bench.py", String(SLOW.celery)], {
      cwd: folder,
      env: { ...process.env, REDIS_URL: `${redis.url}/0`, BENCH_CELERY_DIR: folder },
      timeout: RUN_TIMEOUT_MS,
      encoding: "utf8",
    });
    const numbers = JSON.parse(child.stdout.trim().split("\n").at(-1) ?? "{}");
    return {
      system: "celery",
      measure,
      round,
      numbers: { "enqueueMany /s": Math.round(numbers.enqueueMany), "run /s": Math.round(numbers.run) },
    };
  } catch (error) {
    console.error(`celery: no figure: ${error}`);
    return undefined;
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query("create database bench");
  await client.end();
}
