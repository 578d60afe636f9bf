/** Settings: defaults that need nothing, and one line for each that is wrong. */
import { describe, expect, test } from "@jest/globals";
import { readSettings } from "../../settings.ts";

describe("settings", () => {
  test("have defaults that need nothing", () => {
    expect(readSettings({})).toMatchObject({
      PORT: 3000,
      HOST: "127.0.0.1",
      DRAIN_TIMEOUT: 30_000,
      RESULT_EXPIRES: 3_600_000,
    });
    expect(readSettings({ QUEUES: "email_queue,critical", DRAIN_TIMEOUT: "5s" })).toMatchObject({
      QUEUES: ["email", "critical"],
      DRAIN_TIMEOUT: 5_000,
    });
    expect(readSettings({ QUEUES: "" }).QUEUES).toEqual([]);
  });
  test.each([
    [{ PORT: "http" }, /^PORT: /m],
    [{ PORT: "65536" }, /^PORT: /m],
    [{ QUEUES: "email,nowhere" }, /^QUEUES: there is no queue "nowhere"/m],
    [{ CONCURRENCY: "0" }, /^CONCURRENCY: /m],
    [{ DRAIN_TIMEOUT: "a while" }, /^DRAIN_TIMEOUT: /m],
    [{ HISTORY_RETENTION: "-1d" }, /^HISTORY_RETENTION: /m],
    [{ REDIS_URL: "localhost:6379" }, /^REDIS_URL: must be a URL/m],
    [{ SMTP_URL: "http://x" }, /^SMTP_URL: must be a URL/m],
    [{ TASK_ROUTES: '{"a.*":{"queue":"nowhere"}}' }, /^TASK_ROUTES: there is no queue/m],
    [{ API_TOKENS: "boss:0123456789abcdef" }, /^API_TOKENS/m],
    [{ JWT_SECRET: "short" }, /^JWT_SECRET: /m],
    [{ LOG_LEVEL: "loud" }, /^LOG_LEVEL: /m],
    [{ LOG_FORMAT: "xml" }, /^LOG_FORMAT: /m],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, /^OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL/m],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /^OTEL_EXPORTER_OTLP_PROTOCOL: /m],
    [{ OTEL_TRACES_SAMPLER: "sometimes" }, /^OTEL_TRACES_SAMPLER: /m],
    [{ OTEL_TRACES_SAMPLER_ARG: "2" }, /^OTEL_TRACES_SAMPLER_ARG: /m],
    [{ WORKER_MAX_TASKS: "0" }, /^WORKER_MAX_TASKS: /m],
    [{ WORKER_MAX_MEMORY: "1" }, /^WORKER_MAX_MEMORY: /m],
    [{ NATS_URL: "nats://x" }, /^NATS_URL: needs DATABASE_URL/m],
    [{ DATABASE_URL: "mysql://x" }, /^DATABASE_URL: must be a URL that begins with postgres/m],
    [{ SERVICES: "gateway,time-travel" }, /^SERVICES/m],
    [{ TASK_ROUTES: "{" }, /^TASK_ROUTES: /m],
    [{ API_TOKENS: "admin:short" }, /^API_TOKENS/m],
    [{ RESULT_EXPIRES: "later" }, /^RESULT_EXPIRES: /m],
  ])("%p stops the start with a line of its own", (environment, line) => {
    expect(() => readSettings(environment)).toThrow(
      expect.objectContaining({ code: "SETTINGS_INVALID", message: expect.stringMatching(line) }),
    );
  });

  test("all that are wrong are named at once, one line each", () => {
    const read = () => readSettings({ PORT: "http", LOG_LEVEL: "loud", NATS_URL: "nats://x" });
    expect(read).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID" }));
    try {
      read();
    } catch (error) {
      const names = (error as Error).message.split("\n").map((line) => line.split(":")[0]);
      expect(names.sort()).toEqual(["LOG_LEVEL", "NATS_URL", "PORT"]);
    }
  });
  test("an empty one is as good as none, and strangers are nobody's business", () => {
    expect(readSettings({ PORT: "", NATS_URL: "", PATH: "/bin" })).toEqual({
      ...readSettings({}),
      TASK_ROUTES: expect.any(Function),
    });
  });
  test("NATS with PostgreSQL is several processes, and clusters are lists of URLs", () => {
    const both = { DATABASE_URL: "postgres://u:p@h/d", NATS_URL: "nats://a,nats://b" };
    expect(readSettings(both)).toMatchObject(both);
    expect(() => readSettings({ ...both, NATS_URL: "nats://a,http://b" })).toThrow(/^NATS_URL: must be/m);
  });
  test("routes and tokens are read into what they mean", () => {
    const settings = readSettings({
      TASK_ROUTES: '{"mail_*":{"queue":"email_queue","priority":7}}',
      API_TOKENS: "viewer:0123456789abcdef, admin:with:colons:0123456789",
    });
    expect(settings.TASK_ROUTES("mail_out")).toEqual({ queue: "email", priority: 7 });
    expect(settings.API_TOKENS).toEqual([
      { role: "viewer", token: "0123456789abcdef" },
      { role: "admin", token: "with:colons:0123456789" },
    ]);
  });
  test("durations are milliseconds or written with a unit", () => {
    expect(readSettings({ DRAIN_TIMEOUT: "250", RESULT_EXPIRES: "2h" })).toMatchObject({
      DRAIN_TIMEOUT: 250,
      RESULT_EXPIRES: 7_200_000,
    });
  });
});
