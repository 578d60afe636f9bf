/** The rights that SECURITY.md gives the product in PostgreSQL and Redis are enough, and are no more than it says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import pg from "pg";
import { z } from "zod";
import { migrate, openPostgres } from "../../database/index.ts";
import { defineTask, PostgresQueue, RUNTIME_MIGRATIONS, Runtime } from "../../runtime/index.ts";
import { RedisStore } from "../../services/cache/redis-store.ts";
import { SERVICE_MIGRATIONS } from "../../services/migrations.ts";
import { blocksOf, ROOT } from "../support/documents.ts";
import { startRedis } from "../support/servers/index.ts";

const text = readFileSync(join(ROOT, "SECURITY.md"), "utf8");
const blockOf = (language: string) =>
  blocksOf({ path: "SECURITY.md", text }).find((block) => block.language === language)?.text ?? "";

const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

const hasServers = process.env.TEST_DATABASE_URL !== undefined || process.env.CI === "true";
const here = hasServers ? describe : describe.skip;

here("PostgreSQL", () => {
  test("a role that owns its database and nothing else can make the tables and run a task", async () => {
    const name = `least_${process.pid}`;
    const statements = blockOf("sql")
      .replaceAll(/\bapium\b/g, name)
      .split(";\n")
      .filter((one) => one.trim() !== "");
    expect(statements).toHaveLength(3);
    const admin = new pg.Client(process.env.TEST_DATABASE_URL);
    await admin.connect();
    cleanups.push(async () => {
      await admin.query(`drop database if exists ${name} with (force)`);
      await admin.query(`drop role if exists ${name}`);
      await admin.end();
    });
    for (const statement of statements) await admin.query(statement);
    const { rows } = await admin.query("select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = $1", [
      name,
    ]);
    expect(rows).toEqual([{ rolsuper: false, rolcreatedb: false, rolcreaterole: false }]);

    const url = Object.assign(new URL(process.env.TEST_DATABASE_URL ?? ""), {
      username: name,
      password: "change-me",
      pathname: `/${name}`,
    });
    const database = openPostgres({ url: url.href });
    cleanups.push(() => database.close());
    await migrate(database, [RUNTIME_MIGRATIONS, ...SERVICE_MIGRATIONS]);
    const greet = defineTask({ name: "greet", params: z.object({ name: z.string() }), result: z.string() });
    const runtime = new Runtime({ database, queue: (parts, expected) => new PostgresQueue(database, parts, expected) });
    cleanups.push(() => runtime.stop(1_000));
    runtime.handle({ task: greet, run: (params: { name: string }) => `hello ${params.name}` });
    await runtime.open();
    await runtime.work();
    expect(await greet.callAndWait(runtime, { name: "Asha" })).toBe("hello Asha");
  }, 400_000);
});

here("Redis", () => {
  test("a user with these commands can do all that the cache does, and not flush", async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const [command = "", ...rules] = blockOf("redis").trim().split(" ");
    const admin = new Redis(server.url);
    cleanups.push(() => admin.disconnect());
    expect(await admin.call(command, ...rules)).toBe("OK");

    const url = server.url.replace("redis://", "redis://apium:change-me@");
    let refusal: Error | undefined;
    const store = await new Promise<RedisStore>((resolve, reject) => {
      const made: RedisStore = new RedisStore({
        ...{ url, database: 1, newToken: () => "token", timeoutMs: 10_000 },
        onReady: () => resolve(made),
        onError: (error) => {
          refusal = error;
          reject(error);
        },
      });
    });
    cleanups.push(() => store.close());
    const key = "youtility4:1:greeting";
    const tag = "apium:tag:youtility4:words";
    const kept = { ttlMs: 60_000, tags: [tag] };
    expect(await store.set({ key, text: '"hello"' }, kept)).toBe(true);
    await store.setMany([{ key: ":1:option", text: "1" }], { ttlMs: null, tags: [] });
    expect(await store.get([key, ":1:option"])).toEqual(['"hello"', "1"]);
    expect(await store.add(":1:option", 2)).toBe(3);
    expect(await store.ttl(key)).toBeGreaterThan(50_000);
    expect(await store.expire(key, 90_000)).toBe(true);
    expect(await store.rename(key, `${key}s`)).toBe(true);
    expect((await store.scan("youtility4:1:*", 10)).keys).toEqual([`${key}s`]);
    expect(await store.countTagged([tag])).toBe(1);
    expect(await store.deleteTagged([tag])).toBe(1);
    const lease = await store.lease(key, 0, 10_000);
    expect(lease).toEqual({ state: "granted", token: expect.any(String) });
    const { token } = lease as { token: string };
    expect(await store.fill({ key, text: "2" }, token, kept)).toBe(true);
    await store.release(key, token);
    expect(await store.lock("apium:lock:youtility4:one", 10_000)).toBe("token");
    expect(await store.renewLock("apium:lock:youtility4:one", "token", 10_000)).toBe(true);
    expect(await store.unlock("apium:lock:youtility4:one", "token")).toBe(true);
    expect(await store.countPattern("*:1:opt*")).toBe(1);
    expect(await store.deletePattern("*:1:opt*")).toBe(1);
    expect(await store.delete([key])).toBe(1);
    expect(await store.info()).toMatchObject({ entries: expect.any(Number) });
    expect(refusal).toBeUndefined();

    const own = new Redis(url);
    cleanups.push(() => own.disconnect());
    for (const forbidden of [
      ["flushall"],
      ["flushdb"],
      ["config", "get", "*"],
      ["keys", "*"],
      ["get", "somebody-elses"],
    ]) {
      await expect(own.call(...(forbidden as [string]))).rejects.toThrow(/NOPERM/);
    }
  }, 400_000);
});
