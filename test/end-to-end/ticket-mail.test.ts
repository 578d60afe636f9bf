/** The main job on real input: a ticket posted to the gateway sends a real e-mail through a task, embedded and distributed. */
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SMTPServer } from "smtp-server";
import { eventually } from "../support/backends.ts";
import { adminToken, client, launch, type Program, type StartOptions, start } from "../support/programs.ts";
import { startNats } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

async function running(settings: Readonly<Record<string, string>>, options?: StartOptions): Promise<Program> {
  const program = await start(settings, options);
  cleanups.push(() => program.stop());
  return program;
}

function folder(): string {
  const made = temporaryFolder();
  cleanups.push(() => made.remove());
  return made.path;
}

/** A process may be gone before what it printed last is read. */
async function prints(program: Pick<Program, "output">, lines: readonly RegExp[]): Promise<void> {
  await eventually(async () => {
    for (const line of lines) expect(program.output()).toMatch(line);
    return true;
  });
}

describe("embedded, with no setting", () => {
  test("a posted ticket's mail is in the mailbox at once and its task says SUCCESS", async () => {
    const dataDir = folder();
    const { url } = await running({ DATA_DIR: dataDir }, { isFirst: true });
    const api = client(url, adminToken(dataDir));
    const sites = await api.get("/sites");
    expect((sites.body.items as unknown[]).length).toBe(3);
    const posted = performance.now();
    const ticket = await api.post("/tickets", {
      siteId: 1,
      description: "Gate 4 <b>does not</b> open",
      priority: "HIGH",
      assignedToPersonId: 1,
    });
    expect(ticket).toMatchObject({
      status: 201,
      body: { number: expect.stringMatching(/^BLR-01#\d+$/), status: "NEW" },
    });
    const taskId = ticket.body.emailTaskId as string;
    const mail = await eventually(async () => {
      const items = (await api.get("/mailbox")).body.items as {
        file: string;
        messageId: string;
        subject: string;
        to: string;
      }[];
      return items.find(({ messageId }) => messageId === `<${taskId}@apium>`);
    });
    // A moment on a quiet machine.
    expect(performance.now() - posted).toBeLessThan(60_000);
    expect(mail).toMatchObject({ to: expect.stringContaining("@facility.example") });
    const content = await api.get(`/mailbox/${encodeURIComponent(mail.file)}`);
    expect(content.body.html).toContain("Gate 4 &lt;b&gt;does not&lt;/b&gt; open");
    expect(content.body.text).toContain("Gate 4 <b>does not</b> open");
    const task = await eventually(async () => {
      const view = await api.get(`/tasks/${taskId}`);
      return view.body.state === "SUCCESS" ? view : undefined;
    });
    expect(task.body).toMatchObject({ name: "send_ticket_email", queue: "email", result: { skipped: [] } });
  }, 400_000);

  test("a second process on the same DATA_DIR is refused, and the first goes on", async () => {
    const dataDir = folder();
    const { url } = await running({ DATA_DIR: dataDir });
    const second = launch({ DATA_DIR: dataDir });
    await expect(second.exited).resolves.toBe(1);
    await prints(second, [/DATA_DIR_LOCKED/]);
    await expect(fetch(`${url}/healthz`).then((response) => response.status)).resolves.toBe(200);
  }, 400_000);

  test("what was accepted survives kill -9 and runs after the restart", async () => {
    const dataDir = folder();
    const first = await running({ DATA_DIR: dataDir, QUEUES: "" });
    const token = adminToken(dataDir);
    const ticket = await client(first.url, token).post("/tickets", {
      siteId: 2,
      description: "Lost?",
      assignedToPersonId: 3,
    });
    first.process.kill("SIGKILL");
    await first.exited;
    const { url } = await running({ DATA_DIR: dataDir });
    const task = await eventually(async () => {
      const view = await client(url, token).get(`/tasks/${ticket.body.emailTaskId as string}`);
      return view.body.state === "SUCCESS" ? view : undefined;
    }, 90_000);
    expect(task.body).toMatchObject({ state: "SUCCESS" });
  }, 400_000);
});

describe("what cannot start says why and ends", () => {
  test("wrong settings, one line each", async () => {
    const program = launch({ PORT: "eighty", LOG_LEVEL: "loud", NATS_URL: "nats://127.0.0.1:1", QUEUES: "mystery" });
    await expect(program.exited).resolves.toBe(1);
    await prints(program, [
      ...[/PORT: /, /LOG_LEVEL: /],
      ...[/NATS_URL: needs DATABASE_URL/, /QUEUES: there is no queue "mystery"/],
    ]);
  }, 400_000);

  test("a port that is in use", async () => {
    const taken: Server = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, "127.0.0.1", () => resolve((taken.address() as { port: number }).port));
    });
    cleanups.push(() => taken.close());
    const program = launch({ PORT: String(port), DATA_DIR: folder() });
    await expect(program.exited).resolves.toBe(1);
    await prints(program, [/EADDRINUSE/]);
  }, 400_000);

  test("a database that is down is waited for, then named", async () => {
    const program = launch({ DATABASE_URL: "postgres://127.0.0.1:1/none" });
    await eventually(async () => program.output().includes("waiting for PostgreSQL"), 90_000);
    program.process.kill("SIGKILL");
    expect(await program.exited).toBe(null);
  }, 400_000);
});

const hasServers = process.env.TEST_DATABASE_URL !== undefined || process.env.CI === "true";

(hasServers ? describe : describe.skip)("distributed: a gateway and two workers over NATS and PostgreSQL", () => {
  test("a posted ticket sends a real mail from another process, and a drained worker exits with 0", async () => {
    const database = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    cleanups.push(() => database.drop());
    const nats = await startNats();
    cleanups.push(() => nats.stop());
    const mails: string[] = [];
    const smtp = new SMTPServer({
      disabledCommands: ["AUTH", "STARTTLS"],
      onData(stream, _session, done) {
        let mail = "";
        stream.on("data", (chunk: Buffer) => {
          mail += chunk.toString();
        });
        stream.on("end", () => {
          mails.push(mail);
          done();
        });
      },
    });
    const smtpPort = await new Promise<number>((resolve) => {
      smtp.listen(0, "127.0.0.1", () => resolve((smtp.server.address() as { port: number }).port));
    });
    cleanups.push(() => new Promise<void>((resolve) => smtp.close(() => resolve())));
    const token = "a-token-of-the-test-suite";
    const common = {
      DATABASE_URL: database.url,
      NATS_URL: nats.url,
      SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
      API_TOKENS: `admin:${token}`,
      DATA_DIR: folder(),
    };
    const gateway = await running({ ...common, SERVICES: "gateway", QUEUES: "" });
    const domain = await running({ ...common, SERVICES: "tickets,datasets", QUEUES: "default" });
    const mailer = await running({ ...common, SERVICES: "email", QUEUES: "email" });
    const api = client(gateway.url, token);
    const site = await eventually(async () => {
      const made = await api.post("/sites", { code: "PNQ", name: "Pune", timezone: "Asia/Kolkata" });
      return made.status === 201 ? made : undefined;
    });
    const { default: pg } = await import("pg");
    const direct = new pg.Client(database.url);
    await direct.connect();
    const person = await direct.query(
      "insert into person (name, email) values ('Meera', 'meera@facility.example') returning id",
    );
    await direct.end();
    const ticket = await api.post("/tickets", {
      siteId: site.body.id,
      description: "Camera 7 is dark",
      assignedToPersonId: Number(person.rows[0].id),
    });
    expect(ticket.status).toBe(201);
    await eventually(async () => mails.length === 1);
    expect(mails[0]).toContain(`Message-ID: <${ticket.body.emailTaskId as string}@apium>`);
    const waited = await api.post("/tasks?wait=60s", {
      name: "process_large_dataset",
      params: {
        datasetId: (await api.post("/datasets", { name: "d", rows: Array.from({ length: 250 }, (_, n) => ({ n })) }))
          .body.id,
      },
    });
    expect(waited).toMatchObject({ status: 200, body: { state: "SUCCESS" } });
    expect((waited.body.result as unknown[]).length).toBe(3);
    await expect(domain.stop()).resolves.toBe(0);
    await eventually(async () => {
      const away = await api.get("/sites");
      expect(away).toMatchObject({ status: 503, body: { error: { code: "SERVICE_UNAVAILABLE" } } });
      return true;
    });
    await expect(mailer.stop()).resolves.toBe(0);
  }, 600_000);
});
