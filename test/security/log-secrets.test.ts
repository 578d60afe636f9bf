/** Nothing of a secret in what a process prints, whatever it could not read, reach or do. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SMTPServer } from "smtp-server";
import { eventually } from "../support/backends.ts";
import { client, launch, type Program, start } from "../support/programs.ts";
import { startNats, startPostgres, startRedis } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const CANARY = "c4nary-th4t-must-not-sing";
/** Parts of it would be a secret told too. */
const PIECE = "must-not-sing";
const SAYS_IT_WITHIN_MS = 240_000;
const FORMATS = ["text", "json"] as const;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

function folder(): string {
  const made = temporaryFolder();
  cleanups.push(() => made.remove());
  return made.path;
}

/** Starts what will not get far, waits until it has said why, and gives everything it has printed. */
async function saidBy(settings: Readonly<Record<string, string>>, why: RegExp): Promise<string> {
  const program = launch({ DATA_DIR: folder(), LOG_LEVEL: "debug", ...settings });
  cleanups.push(async () => {
    program.process.kill("SIGKILL");
    await program.exited;
  });
  // Whole lines: the last one may be half here.
  return eventually(async () => {
    const said = program.output();
    return why.test(said) && said.endsWith("\n") && said;
  }, SAYS_IT_WITHIN_MS).catch(() => {
    throw new Error(`it did not say ${why}:\n${program.output()}`);
  });
}

function expectLines(output: string, format: string): void {
  if (format !== "json") return;
  for (const line of output.trimEnd().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
}

describe.each(FORMATS)("in lines of %s nothing of a secret is printed", (format) => {
  test("of settings that cannot be read", async () => {
    const output = await saidBy(
      {
        LOG_FORMAT: format,
        DATABASE_URL: `mysql://u:${CANARY}@db/x`,
        NATS_URL: `nats:// u:${CANARY}@bus`,
        REDIS_URL: `${CANARY}`,
        SMTP_URL: `http://u:${CANARY}@mail`,
        MQTT_URL: `mqtt//u:${CANARY}@devices`,
        API_TOKENS: `boss:${CANARY},admin:${PIECE}`,
        JWT_SECRET: PIECE,
        TASK_ROUTES: `{"password":"${CANARY}"`,
        DRAIN_TIMEOUT: CANARY,
        OTEL_EXPORTER_OTLP_ENDPOINT: `grpc://u:${CANARY}@collector`,
        OTEL_EXPORTER_OTLP_HEADERS: `api-key=${CANARY}`,
      },
      /SETTINGS_INVALID.*OTEL_EXPORTER_OTLP_ENDPOINT: must be/s,
    );
    expect(output).toMatch(/DATABASE_URL: must be/);
    expect(output).not.toContain(PIECE);
    expectLines(output, format);
  }, 400_000);

  test("of an address whose password no library can read", async () => {
    const output = await saidBy(
      { LOG_FORMAT: format, DATABASE_URL: `postgres://apium:100%${CANARY}@127.0.0.1:1/x` },
      /could not start|waiting for PostgreSQL/,
    );
    expect(output).not.toContain(PIECE);
    expectLines(output, format);
  }, 400_000);
});

const hasServers = process.env.TEST_DATABASE_URL !== undefined || process.env.CI === "true";

(hasServers ? describe : describe.skip)("nothing of a password is printed when it is the wrong one", () => {
  test("for PostgreSQL", async () => {
    const place = folder();
    const rules = join(place, "pg_hba.conf");
    writeFileSync(rules, "host all all all scram-sha-256\n");
    chmodSync(place, 0o755); // The server runs as a user of its own.
    const server = await startPostgres({ settings: { hba_file: rules } });
    cleanups.push(() => server.stop());
    const output = await saidBy(
      { DATABASE_URL: `postgres://postgres:${CANARY}@127.0.0.1:${server.port}/postgres` },
      /password authentication failed/,
    );
    expect(output).not.toContain(PIECE);
  }, 400_000);

  test("for NATS", async () => {
    const database = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    cleanups.push(() => database.drop());
    const nats = await startNats({ config: 'authorization: { user: "apium", password: "another" }' });
    cleanups.push(() => nats.stop());
    const output = await saidBy(
      { DATABASE_URL: database.url, NATS_URL: `nats://apium:${CANARY}@127.0.0.1:${nats.port}`, LOG_FORMAT: "json" },
      /authorization violation/i,
    );
    expect(output).not.toContain(PIECE);
    expectLines(output, "json");
  }, 400_000);

  test("for Redis, the mail server and the MQTT broker, nor of what requests bring", async () => {
    const redis = await startRedis({ args: ["--requirepass", "another"] });
    cleanups.push(() => redis.stop());
    const smtp = new SMTPServer({
      allowInsecureAuth: true,
      disabledCommands: ["STARTTLS"],
      onAuth: (auth, _session, done) => done(new Error(`not ${auth.password}`)),
    });
    const smtpPort = await new Promise<number>((resolve) => {
      smtp.listen(0, "127.0.0.1", () => resolve((smtp.server.address() as { port: number }).port));
    });
    cleanups.push(() => new Promise<void>((resolve) => smtp.close(() => resolve())));
    const program: Program = await start({
      DATA_DIR: folder(),
      LOG_FORMAT: "json",
      LOG_LEVEL: "debug",
      API_TOKENS: `admin:${CANARY}`,
      REDIS_URL: `redis://:${CANARY}@127.0.0.1:${redis.port}`,
      SMTP_URL: `smtp://apium:${CANARY}@127.0.0.1:${smtpPort}`,
      MQTT_URL: `mqtt://apium:${CANARY}@127.0.0.1:1`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://collector:${CANARY}@127.0.0.1:1`,
      OTEL_EXPORTER_OTLP_HEADERS: `api-key=${CANARY}`,
    });
    cleanups.push(() => program.stop());
    const api = client(program.url, CANARY);

    const ticket = await api.post("/tickets", { siteId: 1, description: "Dark", assignedToPersonId: 1 });
    expect(ticket.status).toBe(201);
    const mail = await eventually(async () => {
      const view = (await api.get(`/tasks/${ticket.body.emailTaskId as string}`)).body;
      return (view.attempts as unknown[]).length > 0 ? view : undefined;
    }, SAYS_IT_WITHIN_MS);
    expect(JSON.stringify(mail.attempts)).toContain("EAUTH");

    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(`${program.url}${path}`, {
        method: "POST",
        redirect: "manual",
        headers: { "Content-Type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    const wrong = `${CANARY}-wrong`;
    await fetch(`${program.url}/?token=${wrong}`, { redirect: "manual" });
    await post("/login", { token: wrong });
    await post("/login", { name: "a@facility.example", password: wrong });
    await post("/graphql", { query: `mutation { tokenAuth(loginid: "a", password: "${wrong}") { token } }` });
    await post("/api/v1/tasks", `{"name":"x","password":"${wrong}`, { Authorization: `Bearer ${CANARY}` });
    await post("/api/v1/tasks", { name: wrong }, { Authorization: `Bearer ${wrong}` });
    const failed = await post(
      "/api/v1/tasks?wait=60s",
      { name: "publish_mqtt", params: { topic: "a", payload: { password: wrong } }, options: { maxRetries: 0 } },
      { Authorization: `Bearer ${CANARY}`, "X-Correlation-Id": "call-of-the-test" },
    );
    expect(failed.status).toBe(500);

    const lines = await eventually(async () => {
      const said = program.output();
      const all = [/traces are being lost/, /MQTT broker/, /cache/, /"level":"error".*call-of-the-test/];
      return said.endsWith("\n") && all.every((what) => what.test(said)) ? said : undefined;
    }, SAYS_IT_WITHIN_MS);
    expectLines(lines, "json");
    const told = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toContainEqual(
      expect.objectContaining({
        level: "error",
        correlationId: "call-of-the-test",
        traceId: expect.stringMatching(/^[\da-f]{32}$/),
        message: expect.stringContaining("POST /api/v1/tasks: "),
      }),
    );
    expect(lines).not.toContain(PIECE);
  }, 900_000);
});
