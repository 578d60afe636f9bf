/**
 * The doctor of a gateway, asked over HTTP while what the system stands on is really away: a process is frozen, NATS is
 * killed, PostgreSQL is stopped and frozen. It answers in seconds, says so, and says nothing more once all is back.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Finding } from "../../runtime/index.ts";
import { eventually } from "../support/backends.ts";
import { client, type Program, start } from "../support/programs.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startNats, startPostgres } from "../support/servers/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKEN = "admin-token-of-the-test-suite";
const PATIENCE_MS = 90_000;
/** Five seconds on a quiet machine. */
const SOON_MS = 30_000;

describeWith(["nats", "postgres"], "the doctor of a gateway", () => {
  const folder = temporaryFolder();
  let nats: ServerHandle;
  let postgres: ServerHandle;
  let gateway: Program;
  let worker: Program;
  beforeAll(async () => {
    [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
    const shared = {
      ...{ DATABASE_URL: postgres.url, NATS_URL: nats.url, DATA_DIR: folder.path },
      ...{ API_TOKENS: `admin:${TOKEN}`, JWT_SECRET: "a-secret-of-the-test-that-is-long-enough" },
    };
    gateway = await start({ ...shared, SERVICES: "gateway", QUEUES: "" });
    worker = await start({ ...shared, SERVICES: "scheduler,cache,datasets" });
  }, 400_000);
  afterAll(async () => {
    worker?.process.kill("SIGCONT");
    await Promise.all([worker?.stop(), gateway?.stop()]);
    await Promise.all([nats?.stop(), postgres?.stop()]);
    folder.remove();
  }, 400_000);

  /** What it finds, of what this is about: the facility's schedules and tasks have nobody here. */
  const LOOKED_AT = /AWAY|SILENT|MISSING$|DIFFER|UNANSWERED$/;
  const found = async () => {
    const asked = performance.now();
    const { status, body } = await client(gateway.url, TOKEN).get("/doctor");
    expect(status).toBe(200);
    expect(performance.now() - asked).toBeLessThan(SOON_MS);
    return (body.findings as Finding[]).filter(
      ({ code }) => LOOKED_AT.test(code) && !["TASK_MISSING", "QUEUE_UNATTENDED"].includes(code),
    );
  };
  const until = (...codes: readonly string[]) =>
    eventually(async () => {
      const findings = await found();
      if (findings.map(({ code }) => code).join() !== codes.join()) throw new Error(JSON.stringify(findings));
      return findings;
    }, PATIENCE_MS);

  test("finds nothing of the kind while all is there", async () => {
    await until();
  }, 400_000);

  test("names a process that hangs", async () => {
    worker.process.kill("SIGSTOP");
    const silent = await eventually(
      async () => (await found()).find(({ code }) => code === "PROCESS_SILENT"),
      PATIENCE_MS,
    );
    expect(silent).toMatchObject({ severity: "error", subject: expect.stringContaining(`-${worker.process.pid}`) });
    worker.process.kill("SIGCONT");
    await until();
  }, 400_000);

  test("answers while NATS is away, and blames nothing else for it", async () => {
    await nats.kill("SIGKILL");
    await until("NATS_AWAY");
    await nats.restart();
    await until();
  }, 400_000);

  test("answers while PostgreSQL is away, stopped or frozen", async () => {
    await postgres.kill("SIGINT");
    await until("DATABASE_AWAY");
    await postgres.restart();
    await until();
    await postgres.kill("SIGSTOP");
    const [away] = await until("DATABASE_AWAY");
    expect(away?.message).toMatch(/no answer within 2 s|does not answer/);
    await postgres.kill("SIGCONT");
    await until();
  }, 400_000);

  test("says that no process fires schedules once the last one that did has left", async () => {
    await worker.stop();
    await until("SCHEDULER_MISSING");
  }, 400_000);
});
