/** Lines of the log: for people, for machines, and for nobody what is a secret. */
import { describe, expect, test } from "@jest/globals";
import { hideSecrets, subjectOf } from "../../runtime/index.ts";
import { lateLog, lineWriter, secretsOf } from "../../telemetry/index.ts";

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0MHAifQ.c2lnbmF0dXJlLXQwcA";
const BINDINGS = { nodeID: "host-1", mod: "email", svc: "email" };
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function plain(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them.
  return line.replaceAll(/\u001b\[\d+m/g, "");
}

describe("what is a secret by its form is hidden", () => {
  test.each([
    [
      "cannot reach postgres://apium:t0p-secret@db:5432/apium now",
      "cannot reach postgres://[redacted]@db:5432/apium now",
    ],
    ["nats://a:t0p@n1:4222,nats://b:t0p@n2:4222", "nats://[redacted]@n2:4222"],
    ["redis://:t0/p@t0p@cache:6379", "redis://[redacted]@cache:6379"],
    ['{"url":"smtp://u:t0p@mail"}', '{"url":"smtp://[redacted]@mail"}'],
    ["Authorization: Bearer t0p-t0p-t0p", "Authorization: Bearer [redacted]"],
    ["authorization: basic dTp0MHAtdDBwLXQwcA==", "authorization: basic [redacted]"],
    [`the token ${JWT} is over`, "the token [redacted] is over"],
    [`Bearer ${JWT}`, "Bearer [redacted]"],
    ["GET /?token=t0p&x=1", "GET /?token=[redacted]&x=1"],
    ["connect host=db password=t0p user=u", "connect host=db password=[redacted] user=u"],
    ['{"password":"t0\\"p","user":"u"}', '{"password":"[redacted]","user":"u"}'],
    ["{ apiKey: 't0p', x: 1 }", "{ apiKey: '[redacted]', x: 1 }"],
  ])("%s", (text, shown) => {
    expect(hideSecrets(text)).toBe(shown);
    expect(shown).not.toContain("t0p");
  });

  test.each([
    "API_TOKENS: must be role:token with a token of at least 16 characters",
    "no MQTT_URL: devices connect to mqtt://127.0.0.1:39393",
    "basic authentication is not wanted; mail to apium@localhost",
    "task 0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee could not be written; it goes back",
    "http://127.0.0.1:3000/api/v1/tasks?state=FAILURE",
  ])("and what is none stays: %s", (text) => {
    expect(hideSecrets(text)).toBe(text);
  });

  test("a known one is hidden wherever it stands, in whatever form", () => {
    const known = secretsOf({
      DATABASE_URL: "postgres://apium:pa%20ss-w0rd@db/apium",
      NATS_URL: "nats://a:first-secret@n1,nats://b:second-secret@n2",
      API_TOKENS: "viewer:0123456789abcdef, admin:with:colons:0123456789",
      JWT_SECRET: "a-secret-that-signs-the-tokens",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=key-of-the-vendor",
      REDIS_URL: "redis://postgres@cache",
      LOG_LEVEL: "info",
      SMTP_URL: "smtp://u:short@mail",
    });
    expect(known.sort()).toEqual(
      [
        "pa%20ss-w0rd",
        "pa ss-w0rd",
        "first-secret",
        "second-secret",
        "0123456789abcdef",
        "with:colons:0123456789",
        "a-secret-that-signs-the-tokens",
        "key-of-the-vendor",
      ].sort(),
    );
    for (const secret of known) expect(hideSecrets(`it said (${secret})`, known)).toBe("it said ([redacted])");
  });

  test("a long line is cut, and searched in no time whatever it is made of", () => {
    const began = performance.now();
    for (const piece of ["a://", "token=", "password: '", "eyJaaaaaaaaa.", "Bearer a", "x"]) {
      expect(hideSecrets(piece.repeat(200_000)).length).toBeLessThan(100_000);
    }
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});

describe("a line for machines", () => {
  const write = lineWriter("json", ["known-secret"]);

  test("is one JSON object with the time, the level, who says it, and what it is about", () => {
    const log = collecting(write);
    log.use.warn(
      "the mail %s waits",
      undefined,
      subjectOf({ id: "task-1", headers: { "correlation-id": "c-1", traceparent: TRACEPARENT } }),
    );
    const [line = ""] = log.lines;
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: "warn",
      service: "email",
      module: "email",
      message: "the mail %s waits",
      nodeID: "host-1",
      correlationId: "c-1",
      taskId: "task-1",
      traceId: "0af7651916cd43dd8448eb211c80319c",
    });
  });

  test("a line about a task names it, and without a correlation id of its caller it is its own", () => {
    const log = collecting(write);
    log.use.error("failed", new Error("at postgres://u:t0p@db"), subjectOf({ id: "task-2", headers: null }));
    expect(JSON.parse(log.lines[0] ?? "")).toMatchObject({
      level: "error",
      message: "failed at postgres://[redacted]@db",
      taskId: "task-2",
      correlationId: "task-2",
    });
  });

  test("whatever was said is text in it, and secret in none", () => {
    const error = new TypeError("with known-secret");
    const line = JSON.parse(write("error", ["one", { two: { token: "t0p" } }, error, 3], BINDINGS)) as {
      message: string;
    };
    expect(line.message).toMatch(
      /^one \{ two: \{ token: '\[redacted\]' \} \} TypeError: with \[redacted\]\n\s+at .* 3$/s,
    );
  });

  test("what is shown to the person who starts it is hidden here", () => {
    const log = collecting(write);
    log.use.info("dashboard: http://127.0.0.1/?token=t0p-t0p", undefined, { isForEyes: true });
    expect(JSON.parse(log.lines[0] ?? "").message).toBe("dashboard: http://127.0.0.1/?token=[redacted]");
  });
});

describe("a line for people", () => {
  const write = lineWriter("text");

  test("has the time, the level and who says it before it, and what it is about behind it", () => {
    const log = collecting(write);
    log.use.info("sent", undefined, subjectOf({ id: "task-1", headers: { "correlation-id": "c-1" } }));
    log.use.warn("task task-1 waits", undefined, subjectOf({ id: "task-1" }));
    const [first = "", second = ""] = log.lines.map(plain);
    expect(first).toMatch(/^\[[\d:.]+Z\] INFO {2}EMAIL: sent \(task task-1, correlation c-1\)$/);
    expect(second).toMatch(/^\[[\d:.]+Z\] WARN {2}EMAIL: task task-1 waits$/);
  });

  test("shows a secret only where it is meant for the eyes before the console", () => {
    const log = collecting(write);
    log.use.info("dashboard: http://127.0.0.1/?token=t0p-t0p", undefined, { isForEyes: true });
    log.use.info("asked for http://127.0.0.1/?token=t0p-t0p");
    expect(log.lines.map((line) => plain(line).slice(22))).toEqual([
      "EMAIL: dashboard: http://127.0.0.1/?token=t0p-t0p",
      "EMAIL: asked for http://127.0.0.1/?token=[redacted]",
    ]);
  });
});

/** A log as Moleculer's loggers would make its lines, kept. */
function collecting(write: ReturnType<typeof lineWriter>) {
  const lines: string[] = [];
  const log = lateLog(write);
  const keep =
    (level: "debug" | "info" | "warn" | "error") =>
    (...said: unknown[]) =>
      void lines.push(write(level, said, BINDINGS));
  log.use({ debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") });
  return { use: log, lines };
}
