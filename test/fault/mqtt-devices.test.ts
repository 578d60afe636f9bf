/**
 * A thousand devices, a message a minute each, for ten minutes told in a fraction of them: every point stored once, in
 * batches, in flat memory, and the queue's other work goes on beside it. Then a burst of what must be refused.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectAsync, type MqttClient } from "mqtt";
import { type Database, openPostgres } from "../../database/index.ts";
import { personKey } from "../../services/facility/accounts.ts";
import { Tokens } from "../../services/mobile/tokens.ts";
import { eventually } from "../support/backends.ts";
import { recordsMutation } from "../support/phones.ts";
import { adminToken, client, type Program, start } from "../support/programs.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startMosquitto } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { printTable } from "./support/storm-checker.ts";

const DEVICES = 1_000;
const MINUTES = 10;
/** A device in this many sends a mutation instead of a bare point. */
const MUTATION_EVERY = 10;
const CONNECTIONS = 20;
const SECRET = "a secret of this test that is long enough";
const CHANGED_AT = Date.UTC(2026, 10, 1);

describeWith(["postgres", "mosquitto"], "a thousand devices", () => {
  const folder = temporaryFolder();
  let temporary: Awaited<ReturnType<typeof createDatabase>>;
  let database: Database;
  let mosquitto: ServerHandle;
  let program: Program;
  let connections: MqttClient[];
  let tokens: string[];

  beforeAll(async () => {
    temporary = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    mosquitto = await startMosquitto({ config: "max_queued_messages 0" });
    program = await start({
      ...{ DATA_DIR: folder.path, DATABASE_URL: temporary.url, MQTT_URL: mosquitto.url, JWT_SECRET: SECRET },
      NODE_OPTIONS: "--max-old-space-size=400",
    });
    database = openPostgres({ url: temporary.url });
    await database.script(`
      insert into site (code, name, kind) values ('C', 'Client', 'CLIENT');
      update site set client_id = id where code = 'C';
      insert into person (site_id, client_id, name, code, login_id, is_verified)
        select s.id, s.id, 'Guard ' || n, 'G' || n, 'guard-' || n, true from site s, generate_series(1, ${DEVICES}) n
        where s.code = 'C';
      insert into person_password (person_id, hash, changed_at, changed_by)
        select id, 'none', '${new Date(CHANGED_AT).toISOString()}', 'test' from person where code like 'G%';
      insert into mobile_device (person_id, device_id) select id, 'device-' || id from person where code like 'G%';`);
    const { rows } = await database.query<{ id: number; clientId: number }>(
      `select id, client_id as "clientId" from person where code like 'G%' order by id`,
    );
    const issuer = new Tokens(SECRET, Date.now);
    tokens = await Promise.all(
      rows.map(({ id, clientId }) => {
        const grant = { key: personKey(id, CHANGED_AT), personId: id, clientId, deviceId: `device-${id}`, session: 1 };
        return issuer.issue(grant, "access");
      }),
    );
    connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectAsync(mosquitto.url)));
  }, 300_000);
  afterAll(async () => {
    for (const connection of connections) await connection.endAsync(true);
    await program.stop();
    await database.close();
    await temporary.drop();
    await mosquitto.stop();
    folder.remove();
  }, 400_000);

  const megabytes = () => {
    const [, pages = "0"] = readFileSync(`/proc/${program.process.pid}/statm`, "utf8").split(" ");
    return Math.round((Number(pages) * 4_096) / 1_048_576);
  };
  const api = () => client(program.url, adminToken(folder.path));
  const stats = async () =>
    (await api().get("/mqtt")).body.devices as { points: number; statements: number; refused: Record<string, number> };
  const count = async (text: string) => (await database.query<{ n: number }>(text)).rows[0]?.n ?? 0;
  const stored = () => count("select count(*)::integer as n from tracking");

  test("are all heard", async () => {
    const work = { waits: [] as number[], failed: 0 };
    let isOver = false;
    const other = (async () => {
      while (!isOver) {
        const began = performance.now();
        const params = { topic: "plant/1", payload: { at: Date.now() } };
        const { status } = await api().post("/tasks?wait=60s", { name: "publish_mqtt", params });
        if (status === 200) work.waits.push(performance.now() - began);
        else work.failed += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    const memory: number[] = [];
    const began = performance.now();
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const at = new Date(Date.UTC(2026, 10, 23, 8, minute)).toISOString();
      await Promise.all(
        tokens.map((token, n) => {
          const point = { uuid: randomUUID(), latitude: 12 + n / 10_000, longitude: 77, at };
          const isMutation = n % MUTATION_EVERY === 0;
          const message = isMutation
            ? {
                ...{ mutation: recordsMutation("insertRecord"), serviceName: "tracking", token },
                variables: { records: [{ tablename: "tracking", ...point }] },
              }
            : { ...point, token };
          const topic = isMutation ? "graphql/django5mutation" : `devices/device-${deviceOf(token)}/tracking`;
          const text = deflateSync(JSON.stringify(message)).toString("base64");
          return (connections[n % CONNECTIONS] as MqttClient).publishAsync(topic, text, { qos: 1 });
        }),
      );
      await eventually(async () => (await stored()) >= DEVICES * (minute + 1), 120_000);
      memory.push(megabytes());
    }
    const seconds = (performance.now() - began) / 1_000;
    isOver = true;
    await other;
    const { points, statements } = await stats();
    const waits = work.waits.sort((a, b) => a - b);
    const at = (share: number) => Math.round(waits[Math.floor(waits.length * share)] ?? 0);
    printTable("a thousand devices", [
      ["messages", DEVICES * MINUTES],
      ["in", `${seconds.toFixed(1)} s`],
      ["points in statements", `${points} in ${statements}`],
      ["memory of the process, a minute each (MB)", memory.join(" ")],
      ["other tasks beside it", `${waits.length}, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, failed ${work.failed}`],
    ]);
    expect(await stored()).toBe(DEVICES * MINUTES);
    expect(await count("select count(distinct (person_id, at))::integer as n from tracking")).toBe(DEVICES * MINUTES);
    expect(await count("select count(*)::integer as n from mobile_message where state = 'SUCCESS'")).toBe(
      (DEVICES / MUTATION_EVERY) * MINUTES,
    );
    expect(points).toBe(DEVICES * MINUTES * (1 - 1 / MUTATION_EVERY));
    expect(statements).toBeLessThan(points / 8);
    expect(work.failed).toBe(0);
    expect(waits.length).toBeGreaterThan(0);
    // What grows with messages would have grown fivefold between the second minute and the last.
    expect((memory.at(-1) ?? 0) - (memory[1] ?? 0)).toBeLessThan(120);
  }, 900_000);

  test("and a burst of bombs and large messages leaves the memory as it was", async () => {
    const before = megabytes();
    const bomb = deflateSync(Buffer.alloc(500 * 1_048_576)).toString("base64");
    const large = Buffer.alloc(10 * 1_048_576, "A").toString();
    const [connection] = connections as [MqttClient];
    for (let n = 0; n < 50; n += 1) {
      await connection.publishAsync("graphql/django5mutation", bomb, { qos: 1 });
      if (n % 10 === 0) await connection.publishAsync("graphql/django5attachment", large, { qos: 1 });
    }
    await eventually(async () => ((await stats()).refused.PAYLOAD_MALFORMED ?? 0) >= 55, 180_000);
    const after = megabytes();
    printTable("refused", [
      ["bombs of 500 MB, messages of 10 MB", "50, 5"],
      ["memory before and after (MB)", `${before} ${after}`],
    ]);
    // Two are unpacked at a time, up to 10 MB each; of a larger message the buffer it came in is what it costs.
    expect(after - before).toBeLessThan(200);
  }, 400_000);
});

/** The person's id, of a token. */
function deviceOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sub: string }).sub;
}
