/** NATS as `deploy/nats.conf` sets it up: its one user can do all that the system does, and nothing else; nobody else can anything. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { eventually } from "../support/backends.ts";
import { client, type Program, start } from "../support/programs.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startNats } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const CONFIG = readFileSync(new URL("../../deploy/nats.conf", import.meta.url), "utf8");
const PASSWORD = "password-of-the-test";
const TOKEN = "admin-token-of-the-test-suite";

/** Its addresses and its folder are the test's; the rest is as it is. */
function testConfig(storeDir: string): string {
  const replaced = [
    [/^port: 4222$/m, `NATS_PASSWORD: ${JSON.stringify(PASSWORD)}`],
    [/^http: .*$/m, ""],
    [/^ {2}store_dir: .*$/m, `  store_dir: ${JSON.stringify(storeDir)}`],
  ] as const;
  return replaced.reduce((text, [line, replacement]) => {
    if (!line.test(text)) throw new Error(`deploy/nats.conf: no ${line}`);
    return text.replace(line, replacement);
  }, CONFIG);
}

describeWith(["nats", "postgres"], "the NATS server of a deployment", (_natsUrl, databaseUrl = "") => {
  const folder = temporaryFolder();
  let nats: ServerHandle;
  let url: string;
  const cleanups: (() => unknown)[] = [];

  beforeAll(async () => {
    nats = await startNats({ config: testConfig(join(folder.path, "jetstream")) });
    url = `nats://apium:${PASSWORD}@127.0.0.1:${nats.port}`;
  }, 400_000);
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await nats?.stop();
    folder.remove();
  }, 400_000);

  const log = () => readFileSync(join(nats.dir, "server.log"), "utf8");
  async function connected(): Promise<NatsConnection> {
    const connection = await connect({ servers: `127.0.0.1:${nats.port}`, user: "apium", pass: PASSWORD });
    cleanups.push(() => connection.close());
    return connection;
  }
  async function running(settings: Record<string, string>, databaseOfTest: string): Promise<Program> {
    const shared = {
      ...{ DATABASE_URL: databaseOfTest, NATS_URL: url, DATA_DIR: folder.path, SMTP_URL: "smtp://127.0.0.1:1" },
      ...{ API_TOKENS: `admin:${TOKEN}`, JWT_SECRET: "a-secret-of-the-test-that-is-long-enough" },
    };
    const program = await start({ ...shared, ...settings });
    cleanups.push(() => program.stop());
    return program;
  }

  test("lets the system do all it does: tasks, calls, files, events, inspection, without one violation", async () => {
    const database = await createDatabase(databaseUrl);
    cleanups.push(() => database.drop());
    const [gateway] = await Promise.all([
      running({ SERVICES: "gateway,scheduler,cache", QUEUES: "" }, database.url),
      running({ SERVICES: "facility,tickets,jobs,datasets,email,media" }, database.url),
    ]);
    const api = client(gateway.url, TOKEN);
    const dataset = await eventually(async () => {
      const made = await api.post("/datasets", { name: "d", rows: [1, 2, 3] });
      return made.status === 201 && made;
    }, 180_000);
    const params = { datasetId: dataset.body.id, chunkSize: 1 };
    const worked = await api.post("/tasks?wait=60s", { name: "process_large_dataset", params });
    expect(worked).toMatchObject({ status: 200, body: { state: "SUCCESS" } });
    const later = await api.post("/tasks", { name: "process_large_dataset", params, options: { countdown: "1h" } });
    expect(await api.post(`/tasks/${later.body.id}/revoke`)).toMatchObject({ status: 200 });
    expect(await api.get("/workers")).toMatchObject({ status: 200, body: { items: [{}] } });
    expect(await api.get("/doctor")).toMatchObject({ status: 200 });
    const upload = await fetch(`${gateway.url}/api/v1/attachments?fileName=none`, {
      method: "POST",
      headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "text/plain" },
      body: "a file that goes over the bus as a stream, and is refused by the service that takes it",
    });
    expect(upload.status).toBe(422);
    expect(log()).not.toMatch(/violation/i);
  }, 300_000);

  test.each(["$SYS.REQ.SERVER.PING", "MOL-other.REQ.x", "anything"])(
    "does not let its user say %s",
    async (subject) => {
      const connection = await connected();
      connection.publish(subject, "x");
      await connection.flush();
      await eventually(async () => log().includes(`Publish Violation`) && log().includes(`Subject "${subject}"`));
    },
  );

  test.each([">", "tasks.>", "$SYS.>", "MOL-other.>"])("does not let its user hear %s", async (subject) => {
    const connection = await connected();
    const subscription = connection.subscribe(subject);
    const refused = (async () => {
      for await (const _ of subscription);
    })();
    await expect(refused).rejects.toThrow(/permission/i);
  });

  test("lets nobody in without the password, and nobody in unknown", async () => {
    const servers = `127.0.0.1:${nats.port}`;
    await expect(connect({ servers })).rejects.toThrow(/authorization/i);
    await expect(connect({ servers, user: "apium", pass: "guessed" })).rejects.toThrow(/authorization/i);
    await expect(connect({ servers, user: "admin", pass: PASSWORD })).rejects.toThrow(/authorization/i);
  });
});
