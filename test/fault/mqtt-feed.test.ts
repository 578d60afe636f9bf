/** The change feed under load: the broker restarted three times, the publisher killed, another frozen and woken. None lost, none out of order. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { connectAsync, type MqttClient } from "mqtt";
import { type Database, migrate, openPostgres } from "../../database/index.ts";
import { RUNTIME_MIGRATIONS, SystemClock, SystemRandom } from "../../runtime/index.ts";
import { SERVICE_MIGRATIONS } from "../../services/migrations.ts";
import { Feed, type FeedStats, outboxBacklog, wantFeed } from "../../services/mqtt/feed/index.ts";
import { eventually } from "../support/backends.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startMosquitto } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { printTable } from "./support/storm-checker.ts";

const PROGRAM = fileURLToPath(new URL("./support/mqtt-feed-publisher.ts", import.meta.url));
const ASSETS = 10;
/** The lease of ten seconds, a look within five more, and room for a machine that stands still. */
const TAKEOVER_MS = 40_000;

interface Told {
  readonly atMs: number;
  readonly version: number;
  readonly isNew: boolean;
}

interface Publisher {
  readonly child: ChildProcess;
  stats: FeedStats | undefined;
}

describeWith(["postgres"], "the change feed", () => {
  let temporary: Awaited<ReturnType<typeof createDatabase>>;
  let database: Database;
  let mosquitto: ServerHandle;
  let listener: MqttClient;
  /** By uuid, in the order of arrival; a message that comes again counts once, as it does for whoever listens. */
  let told = new Map<string, Told[]>();
  let repeated = 0;
  const publishers: Publisher[] = [];
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    // A listener's session outlives the broker's orderly restart, however much waits in it.
    mosquitto = await startMosquitto({ config: "persistence true\nmax_queued_messages 0" });
    temporary = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    database = openPostgres({ url: temporary.url });
    await migrate(database, [RUNTIME_MIGRATIONS, ...SERVICE_MIGRATIONS]);
    await database.script(`
      insert into site (code, name, kind) values ('C', 'Client', 'CLIENT');
      update site set client_id = id;
      insert into asset (client_id, site_id, code, name) select id, id, 'A' || n, '0' from site, generate_series(1, ${ASSETS}) n`);
    const seen = new Set<string>();
    listener = await connectAsync(mosquitto.url, { clientId: "listener", clean: false, reconnectPeriod: 100 });
    listener.on("message", (_topic, payload) => {
      const { messageId, uuid, models, payload: row } = JSON.parse(payload.toString());
      if (seen.has(messageId)) repeated += 1;
      const version = models === "asset" ? Number(row.name) : 0;
      const known = told.get(uuid) ?? [];
      known.push({ atMs: performance.now(), version, isNew: !seen.has(messageId) });
      told.set(uuid, known);
      seen.add(messageId);
    });
    await listener.subscribeAsync("redmine_to_noc", { qos: 1 });
    await wantFeed(database, true);
  }, 400_000);

  afterEach(async () => {
    for (const { child } of publishers.splice(0)) child.kill("SIGKILL");
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  afterAll(async () => {
    await listener?.endAsync(true);
    await database?.close();
    await temporary?.drop();
    await mosquitto?.stop();
  }, 400_000);

  /** Changes every asset again and again, and makes a jobneed with each change, until told to stop. */
  function load(): { stop(): Promise<{ versions: number; jobneeds: string[] }> } {
    let isOver = false;
    let version = 0;
    const jobneeds: string[] = [];
    const work = async () => {
      while (!isOver) {
        version += 1;
        await database.query("update asset set name = $1", [String(version)]);
        const { rows } = await database.query<{ uuid: string }>(
          "insert into jobneed (client_id, site_id, name) select id, id, 'Load' from site returning uuid::text as uuid",
        );
        jobneeds.push(...rows.map(({ uuid }) => uuid));
        await sleep(5);
      }
    };
    const running = work();
    const end = () => {
      isOver = true;
      return running;
    };
    cleanups.push(end);
    return {
      async stop() {
        await end();
        return { versions: version, jobneeds };
      },
    };
  }

  /** Of rows whose state was told after a newer one, and of changes nobody was told of. */
  async function findings(
    versions: number,
    jobneeds: readonly string[],
  ): Promise<{ lost: number; disordered: number }> {
    const { rows } = await database.query<{ uuid: string }>("select uuid::text as uuid from asset");
    let disordered = 0;
    for (const { uuid } of rows) {
      const heard = (told.get(uuid) ?? []).filter(({ isNew }) => isNew).map(({ version }) => version);
      disordered += heard.filter((version, index) => version < (heard[index - 1] ?? 0)).length;
    }
    const stale = rows.filter(({ uuid }) => told.get(uuid)?.at(-1)?.version !== versions).length;
    return { lost: stale + jobneeds.filter((uuid) => !told.has(uuid)).length, disordered };
  }

  async function isAllTold(jobneeds: readonly string[]): Promise<boolean> {
    const { waiting } = await outboxBacklog(database);
    return waiting === 0 && jobneeds.every((uuid) => told.has(uuid));
  }

  function startPublisher(): Publisher {
    const child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, NODE_OPTIONS: "", FEED_DATABASE: temporary.url, FEED_BROKER: mosquitto.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const publisher: Publisher = { child, stats: undefined };
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      publisher.stats = JSON.parse(line) as FeedStats;
    });
    publishers.push(publisher);
    return publisher;
  }
  const isPublishing = ({ stats }: Publisher) => stats?.isPublishing === true;

  test("loses nothing while the broker is restarted three times", async () => {
    told = new Map();
    repeated = 0;
    const feed = new Feed({
      database,
      url: mosquitto.url,
      parts: { clock: new SystemClock(), random: new SystemRandom() },
      log: { info() {}, warn() {} },
      backOff: { firstMs: 200, mostMs: 1_000 },
    });
    cleanups.push(() => feed.stop());
    await feed.start();
    const writing = load();
    for (let restarts = 0; restarts < 3; restarts += 1) {
      const before = feed.stats().changes;
      await eventually(async () => feed.stats().changes > before + 200, 60_000);
      await mosquitto.restart({ mode: "fast" });
    }
    const { versions, jobneeds } = await writing.stop();
    await eventually(() => isAllTold(jobneeds), 90_000);
    await eventually(async () => (await findings(versions, jobneeds)).lost === 0).catch(() => {});
    const { lost, disordered } = await findings(versions, jobneeds);
    const { changes, announced, failures } = feed.stats();
    printTable("the broker restarted three times under load", [
      ["changes", changes],
      ["announcements", announced],
      ["failed batches", failures],
      ["told twice", repeated],
      ["lost", lost],
      ["out of order", disordered],
    ]);
    expect({ lost, disordered }).toEqual({ lost: 0, disordered: 0 });
    expect(failures).toBeGreaterThan(0); // Else no restart came into a batch's way.
  }, 400_000);

  test("goes on soon when its publisher is killed or frozen, and whoever wakes up says no more", async () => {
    told = new Map();
    repeated = 0;
    const first = startPublisher();
    await eventually(async () => isPublishing(first), 60_000);
    const second = startPublisher();
    await eventually(async () => second.stats !== undefined, 60_000);
    const writing = load();
    const heard = () => [...told.values()].reduce((sum, one) => sum + one.length, 0);
    const takeover = async (from: Publisher, to: Publisher, signal: NodeJS.Signals): Promise<number> => {
      const before = heard();
      await eventually(async () => heard() > before + 50);
      from.child.kill(signal);
      const began = performance.now();
      await eventually(async () => isPublishing(to), 60_000);
      const known = heard();
      await eventually(async () => heard() > known + 10);
      return performance.now() - began;
    };
    const afterFreezing = await takeover(first, second, "SIGSTOP");
    first.child.kill("SIGCONT");
    // What it says from now on is of after it woke up.
    first.stats = undefined;
    await eventually(async () => first.stats !== undefined);
    await eventually(async () => !isPublishing(first));
    expect(isPublishing(second)).toBe(true);
    const afterKilling = await takeover(second, first, "SIGKILL");
    const { versions, jobneeds } = await writing.stop();
    await eventually(() => isAllTold(jobneeds), 90_000);
    await eventually(async () => (await findings(versions, jobneeds)).lost === 0).catch(() => {});
    const { lost, disordered } = await findings(versions, jobneeds);
    printTable("the publisher frozen, then the other killed", [
      ["versions of each asset", versions],
      ["frozen: the other spoke after ms", Math.round(afterFreezing)],
      ["killed: the other spoke after ms", Math.round(afterKilling)],
      ["told twice", repeated],
      ["lost", lost],
      ["out of order", disordered],
    ]);
    expect({ lost, disordered }).toEqual({ lost: 0, disordered: 0 });
    expect(Math.max(afterFreezing, afterKilling)).toBeLessThan(TAKEOVER_MS);
  }, 400_000);
});
