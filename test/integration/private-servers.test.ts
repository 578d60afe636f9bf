import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "@jest/globals";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Redis } from "ioredis";
import mqtt from "mqtt";
import pg from "pg";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startMosquitto, startNats, startPostgres, startRedis } from "../support/servers/index.ts";
import { allGone, childrenOf } from "../support/servers/process-family.ts";
import { createDatabase } from "../support/temporary-database.ts";

const started: ServerHandle[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function tracked(server: Promise<ServerHandle>): Promise<ServerHandle> {
  started.push(await server);
  return server;
}

async function withNats<T>(url: string, use: (nats: NatsConnection) => Promise<T>): Promise<T> {
  const nats = await connect({ servers: url });
  try {
    return await use(nats);
  } finally {
    await nats.close();
  }
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function stopLeavesNothing(server: ServerHandle): Promise<void> {
  const family = [server.pid, ...childrenOf(server.pid)];
  await server.stop();
  expect(allGone(family)).toBe(true);
  expect(existsSync(server.dir)).toBe(false);
  await server.stop();
}

describeWith("nats", "a private nats-server", () => {
  test("keeps a stream's messages through kill -9 and answers on the same port", async () => {
    const server = await tracked(startNats());
    const { url, pid } = server;
    await withNats(url, async (nats) => {
      const manager = await jetstreamManager(nats);
      await manager.streams.add({ name: "KEPT", subjects: ["kept.>"] });
      await jetstream(nats).publish("kept.one", "still here");
    });
    await server.kill("SIGKILL");
    expect(allGone([pid])).toBe(true);
    await server.restart();
    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
    await withNats(url, async (nats) => {
      const manager = await jetstreamManager(nats);
      const message = await manager.streams.getMessage("KEPT", { last_by_subj: "kept.one" });
      expect(message?.string()).toBe("still here");
    });
    await stopLeavesNothing(server);
  });

  test("takes further configuration", async () => {
    const server = await tracked(startNats({ config: "max_payload: 2048" }));
    await withNats(server.url, async (nats) => expect(nats.info?.max_payload).toBe(2048));
  });

  test("is stopped even while it is frozen", async () => {
    const server = await tracked(startNats());
    await server.kill("SIGSTOP");
    await stopLeavesNothing(server);
  });

  test("says what the server logged when it cannot start", async () => {
    await expect(startNats({ config: "no_such_setting: 1" })).rejects.toThrow(/unknown field "no_such_setting"/);
  });
});

describeWith("postgres", "a private PostgreSQL", () => {
  test("keeps committed rows through kill -9, an immediate and a fast restart", async () => {
    const server = await tracked(startPostgres());
    await query(server.url, "create table kept (word text)");
    await query(server.url, "insert into kept values ('still here')");
    const family = [server.pid, ...childrenOf(server.pid)];
    expect(family.length).toBeGreaterThan(1);
    await server.kill("SIGKILL");
    expect(allGone(family)).toBe(true);
    await server.restart();
    await server.restart({ mode: "immediate" });
    await server.restart({ mode: "fast" });
    expect(await query(server.url, "select word from kept")).toEqual([{ word: "still here" }]);
    await stopLeavesNothing(server);
  });

  test("does not wait for the disk unless it is asked to be durable", async () => {
    const quick = await tracked(startPostgres({ settings: { max_connections: "7" } }));
    const durable = await tracked(startPostgres({ durable: true }));
    const settings = "select current_setting('fsync') fsync, current_setting('max_connections') connections";
    expect(await query(quick.url, settings)).toEqual([{ fsync: "off", connections: "7" }]);
    expect(await query(durable.url, settings)).toEqual([{ fsync: "on", connections: "300" }]);
  });

  test("does not answer while it is frozen, and does again afterwards", async () => {
    const server = await tracked(startPostgres());
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await server.kill("SIGSTOP");
    const answer = client.query("select 1");
    expect(await Promise.race([answer.then(() => "answered"), sleep(150, "silent")])).toBe("silent");
    await server.kill("SIGCONT");
    await answer;
    await client.end();
  });
});

describeWith("postgres", "a temporary database", (baseUrl) => {
  test("is a copy of its template, and is dropped with connections still open", async () => {
    const template = await createDatabase(baseUrl);
    await query(template.url, "create table copied (n int)");
    const [one, other] = await Promise.all([
      createDatabase(baseUrl, template.name),
      createDatabase(baseUrl, template.name),
    ]);
    expect(await query(one.url, "select * from copied")).toEqual([]);
    const client = new pg.Client({ connectionString: other.url });
    client.on("error", () => {});
    await client.connect();
    await Promise.all([one.drop(), other.drop(), template.drop()]);
    await client.end();
    const left = await query(baseUrl, `select from pg_database where datname in ('${one.name}', '${other.name}')`);
    expect(left).toEqual([]);
  });
});

describeWith("redis", "a private redis-server", () => {
  test("answers again after kill -9, with nothing kept", async () => {
    const server = await tracked(startRedis());
    const ask = async (use: (redis: Redis) => Promise<unknown>) => {
      const redis = new Redis(server.url);
      const answer = await use(redis);
      redis.disconnect();
      return answer;
    };
    expect(await ask((redis) => redis.set("key", "value"))).toBe("OK");
    await server.kill("SIGKILL");
    await server.restart();
    expect(await ask((redis) => redis.get("key"))).toBeNull();
    await stopLeavesNothing(server);
  });
});

describeWith("mosquitto", "a private MQTT broker", () => {
  test("delivers a message, and again after kill -9", async () => {
    const server = await tracked(startMosquitto());
    for (const round of ["first", "second"]) {
      const client = await mqtt.connectAsync(server.url);
      await client.subscribeAsync("greeting", { qos: 1 });
      const delivered = new Promise((resolve) => {
        client.once("message", (topic, payload) => resolve({ topic, text: payload.toString() }));
      });
      await client.publishAsync("greeting", round, { qos: 1 });
      expect(await delivered).toEqual({ topic: "greeting", text: round });
      await client.endAsync();
      await server.kill("SIGKILL");
      await server.restart();
    }
    await stopLeavesNothing(server);
  });
});

describeWith(["redis", "postgres"], "a private server", () => {
  test.each(["startRedis", "startPostgres"])(
    "dies with the process that started it, even by kill -9: %s",
    async (start) => {
      const door = path.resolve("test/support/servers/index.ts");
      const code = `import { ${start} } from ${JSON.stringify(door)};
      const { pid, dir } = await ${start}();
      console.log(JSON.stringify({ pid, dir }));
      setInterval(() => {}, 1000);`;
      const starter = spawn(process.execPath, ["--input-type=module", "-e", code], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = await once(starter.stdout, "data");
      const { pid, dir }: { pid: number; dir: string } = JSON.parse(String(line));
      const family = [pid, ...childrenOf(pid)];
      expect(allGone(family)).toBe(false);
      starter.kill("SIGKILL");
      await expectWithin(60_000, () => allGone(family) && !existsSync(dir));
    },
  );
});

async function expectWithin(timeoutMs: number, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!isTrue() && Date.now() < deadline) await sleep(10);
  expect(isTrue()).toBe(true);
}
