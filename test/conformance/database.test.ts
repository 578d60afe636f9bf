/** What the database port promises about transactions, on the server and embedded. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Database, openPGlite, openPostgres } from "../../database/index.ts";
import { eventually } from "../support/backends.ts";
import { createDatabase } from "../support/temporary-database.ts";

const SERVER = process.env.TEST_DATABASE_URL;
const engines: Database["engine"][] =
  SERVER === undefined && process.env.CI !== "true" ? ["pglite"] : ["pglite", "postgres"];

describe.each(engines)("transactions on %s", (engine) => {
  let database: Database;
  let url = "";
  let drop = async () => {};
  beforeAll(async () => {
    if (engine === "pglite") database = await openPGlite({ dataDir: "memory" });
    else {
      const temporary = await createDatabase(SERVER ?? "");
      url = temporary.url;
      database = openPostgres({ url });
      drop = () => temporary.drop();
    }
    await database.script("create table account (id integer primary key, balance integer not null)");
    await database.query("insert into account values (1, 10)");
  }, 400_000);
  afterAll(async () => {
    await database.close();
    await drop();
  }, 400_000);

  const balance = async () =>
    (await database.query<{ balance: number }>("select balance from account")).rows[0]?.balance;

  test("what follows a commit runs after it, and not at all after a rollback", async () => {
    const told: string[] = [];
    await database.transaction(async (tx) => {
      tx.afterCommit(() => void told.push("committed"));
      await tx.query("update account set balance = 11");
      expect(told).toEqual([]);
    });
    await expect(
      database.transaction(async (tx) => {
        tx.afterCommit(() => void told.push("never"));
        await tx.query("update account set balance = 99");
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(told).toEqual(["committed"]);
    expect(await balance()).toBe(11);
  });

  test("a transaction that is held without a word is ended by a server, and says so; embedded it goes on", async () => {
    const before = await balance();
    const holds = Promise.withResolvers<void>();
    /** What the holder waits for: on a server, somebody who waits for the holder. */
    const others =
      engine === "pglite"
        ? sleep(1_000)
        : holds.promise.then(() => database.query("update account set balance = balance + 1"));
    const began = performance.now();
    const held = database.transaction(
      async (tx) => {
        await tx.query("update account set balance = 0");
        holds.resolve();
        await others;
        await tx.query("update account set balance = -1");
      },
      { idleTimeoutMs: 1_000 },
    );
    if (engine === "pglite") {
      await expect(held).resolves.toBeUndefined();
      expect(await balance()).toBe(-1);
      return;
    }
    await expect(held).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("held open"),
    });
    // Without the limit of its own it would be ten seconds.
    expect(performance.now() - began).toBeLessThan(8_000);
    expect(await balance()).toBe((before ?? Number.NaN) + 1);
  });

  test("a deputy does what a blocked thread cannot, until that was silent for too long; embedded there is none", async () => {
    if (database.deputise === undefined) return expect(engine).toBe("pglite");
    await database.script("create table tick (at timestamptz not null); insert into account values (2, 0)");
    let refusals = 0;
    const deputy = database.deputise({
      statement: { name: "tick", text: "insert into tick select clock_timestamp() from account where id = $1" },
      parameters: [2],
      afterMs: 500,
      untilMs: 6_000,
      onRefused: () => refusals++,
      onError: (message) => expect(message).toBe("never"),
    });
    try {
      let longestMs = 0;
      let last = performance.now();
      const look = () => {
        longestMs = Math.max(longestMs, performance.now() - last);
        last = performance.now();
      };
      for (const end = last + 1_500; last < end; await sleep(20)) {
        deputy.alive();
        deputy.done();
        look();
      }
      const early = await ticks();
      look();
      // Where a slow machine has let this thread stand still, the deputy was right to act.
      if (longestMs < 400) expect(early).toEqual([]);
      await database.query("delete from tick");
      const blockedAt = Date.now();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
      const seen = (await ticks()).map((at) => at - blockedAt);
      expect(seen.length).toBeGreaterThanOrEqual(3);
      expect(seen.at(-1)).toBeLessThan(9_500);
      expect(refusals).toBe(0);

      await database.query("delete from account where id = 2");
      await eventually(async () => {
        deputy.alive();
        return refusals > 0;
      });
      await sleep(1_500);
      expect(refusals).toBe(1);
    } finally {
      await deputy.stop();
    }
  });

  test.each([
    ["is done", "", 0],
    ["crashes", "setTimeout(() => { throw new Error('crash'); }, 1_000);", 1],
  ])(
    "a deputy keeps no process alive that %s",
    async (_how, last, code) => {
      if (database.deputise === undefined) return expect(engine).toBe("pglite");
      const program = `
      import { openPostgres } from ${JSON.stringify(new URL("../../database/index.ts", import.meta.url).href)};
      const database = openPostgres({ url: process.env.URL_OF_DATABASE });
      database.deputise({ statement: { name: "one", text: "select 1" }, parameters: [], afterMs: 100, untilMs: 60_000,
                          onRefused() {}, onError() {} });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await database.close();
      ${last}`;
      const child = spawn(
        process.execPath,
        ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program],
        {
          env: { PATH: process.env.PATH, URL_OF_DATABASE: url },
          stdio: "ignore",
          timeout: 150_000,
        },
      );
      expect((await once(child, "exit"))[0]).toBe(code);
    },
    180_000,
  );

  async function ticks(): Promise<number[]> {
    const { rows } = await database.query<{ ms: number }>(
      "select (extract(epoch from at) * 1000)::float8 as ms from tick order by at",
    );
    return rows.map(({ ms }) => ms);
  }

  test("while the server gives no more connections, work waits for those there are", async () => {
    if (engine === "pglite") return expect(database.deputise).toBeUndefined();
    const narrow = await roleWith("connection limit 7");
    const said: string[] = [];
    const open = () => openPostgres({ url: narrow.url, onError: (message) => said.push(message) });
    const [one, other] = [open(), open()];
    const doors = [one, one.hot, one.relaxed, other, other.hot, other.relaxed];
    try {
      // As the product's processes do when they start.
      for (const door of doors) await door.query("select 1");
      const works = Array.from({ length: 200 }, (_, n) => {
        const { query } = doors[n % 6] ?? one;
        if (n % 6 !== 3) return query<{ n: number }>("select $1::integer as n, pg_sleep(0.005)", [n]);
        return other.transaction((tx) => tx.query<{ n: number }>("select $1::integer as n, pg_sleep(0.005)", [n]));
      });
      const answers = await Promise.all(works);
      expect(answers.map(({ rows }) => rows[0]?.n)).toEqual(works.map((_, n) => n));
      // Six pools, of which some met the limit; each says it once.
      expect(said.length).toBeGreaterThan(0);
      expect(said.length).toBeLessThanOrEqual(6);
      for (const message of said) expect(message).toMatch(/no more connections \(53300\): .* max_connections/);
    } finally {
      await Promise.all([one.close(), other.close()]);
      await narrow.drop();
    }
  });

  test("a process that gets no connection at all is refused, in time and with the reason", async () => {
    if (engine === "pglite") return expect(database.deputise).toBeUndefined();
    const lockedOut = await roleWith("connection limit 0");
    const out = openPostgres({ url: lockedOut.url });
    const began = performance.now();
    await expect(out.query("select 1")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("53300"),
    });
    expect(performance.now() - began).toBeGreaterThan(4_000);
    await out.close();
    await lockedOut.drop();
  });

  /** Roles are the whole server's, and other tests' too. */
  async function roleWith(limit: string) {
    const role = `test_${randomUUID().slice(0, 8)}`;
    await database.script(`create role ${role} login ${limit}`);
    const address = new URL(url);
    address.username = role;
    return { url: address.href, drop: () => database.script(`drop role ${role}`) };
  }

  test("the narrower limit is of one transaction only", async () => {
    const limit = async () => {
      const shown = await database.transaction(async (tx) => (await tx.query<Shown>(SHOW)).rows[0]?.limit, {});
      return shown;
    };
    await database.transaction(async (tx) => void (await tx.query("select 1")), { idleTimeoutMs: 2_000 });
    expect(await limit()).toBe(engine === "postgres" ? "10s" : "0");
  });
});

interface Shown {
  readonly limit: string;
}
const SHOW = `select current_setting('idle_in_transaction_session_timeout') as "limit"`;
