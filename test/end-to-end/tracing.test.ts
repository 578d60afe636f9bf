/** Traces of the product as it is run: over two processes and NATS one tree; without an endpoint nothing at all. */
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { SMTPServer } from "smtp-server";
import { eventually } from "../support/backends.ts";
import { childrenOf, type ReceivedSpan, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { adminToken, client, type Program, start } from "../support/programs.ts";
import { startNats } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Makes a process say which of OpenTelemetry's packages it loads. */
const TELLS_WHAT_IT_LOADS = {
  NODE_OPTIONS: `--import=${fileURLToPath(new URL("../support/loaded-modules.mjs", import.meta.url))}`,
};
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TOKEN = "a-token-that-is-no-business-of-traces";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

async function running(settings: Readonly<Record<string, string>>): Promise<Program> {
  const program = await start({ ...TELLS_WHAT_IT_LOADS, ...settings });
  cleanups.push(() => program.stop());
  return program;
}

function folder(): string {
  const made = temporaryFolder();
  cleanups.push(() => made.remove());
  return made.path;
}

function loadedBy(program: Program): string[] {
  return [...new Set([...program.output().matchAll(/loaded (@opentelemetry\/[\w-]+)/g)].map(([, name = ""]) => name))];
}

/** A mail server that is out of order for the first mail and takes the second. */
async function startMailServer(): Promise<{ readonly url: string; readonly mails: () => number }> {
  let asked = 0;
  let mails = 0;
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onMailFrom(_address, _session, done) {
      asked += 1;
      done(asked === 1 ? Object.assign(new Error("try again later"), { responseCode: 451 }) : undefined);
    },
    onData(stream, _session, done) {
      stream.resume();
      stream.on("end", () => {
        mails += 1;
        done();
      });
    },
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.server.address() as { port: number }).port));
  });
  cleanups.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { url: `smtp://127.0.0.1:${port}`, mails: () => mails };
}

describe("without an endpoint", () => {
  test("no module of the SDK is loaded, and no task carries a header of a trace", async () => {
    const dataDir = folder();
    const program = await running({ DATA_DIR: dataDir });
    const api = client(program.url, adminToken(dataDir));
    const ticket = await api.post("/tickets", { siteId: 1, description: "Quiet", assignedToPersonId: 1 });
    expect(ticket.status).toBe(201);
    const task = await eventually(async () => {
      const view = await api.get(`/tasks/${ticket.body.emailTaskId as string}`);
      return view.body.state === "SUCCESS" ? view : undefined;
    }, 180_000);
    expect(task.body.traceId).toBe(null);
    expect(Object.keys(task.body.headers as object)).toEqual(["correlation-id"]);
    expect(loadedBy(program)).toEqual(["@opentelemetry/api"]);
  }, 400_000);
});

const hasServers = process.env.TEST_DATABASE_URL !== undefined || process.env.CI === "true";

(hasServers ? describe : describe.skip)("over two processes and NATS", () => {
  test("a posted ticket and a data set are one tree each, from the request to the last effect", async () => {
    const receiver = await startOtlpReceiver();
    cleanups.push(() => receiver.close());
    const database = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    cleanups.push(() => database.drop());
    const nats = await startNats();
    cleanups.push(() => nats.stop());
    const mail = await startMailServer();
    const direct = new pg.Client(database.url);
    await direct.connect();
    cleanups.push(() => direct.end());
    const common = {
      DATABASE_URL: database.url,
      NATS_URL: nats.url,
      SMTP_URL: mail.url,
      API_TOKENS: `admin:${TOKEN}`,
      DATA_DIR: folder(),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    };
    const door = { ...common, OTEL_SERVICE_NAME: "door", SERVICES: "gateway", QUEUES: "" };
    const hand = { ...common, OTEL_SERVICE_NAME: "hand", SERVICES: "tickets,datasets,email", QUEUES: "default,email" };
    const [gateway, worker] = await Promise.all([running(door), running(hand)]);
    const api = client(gateway.url, TOKEN);
    const site = await eventually(async () => {
      const made = await api.post("/sites", { code: "PNQ", name: "Pune", timezone: "Asia/Kolkata" });
      return made.status === 201 ? made : undefined;
    }, 180_000);
    const person = await direct.query(
      "insert into person (name, email) values ('Meera', 'meera@facility.example') returning id",
    );

    const response = await fetch(`${gateway.url}/api/v1/tickets`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${TOKEN}`,
        "Content-Type": "application/json",
        "X-Correlation-Id": "call-7",
        traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify({
        siteId: site.body.id,
        description: "Dark",
        assignedToPersonId: Number(person.rows[0].id),
      }),
    });
    expect(response.status).toBe(201);
    const { emailTaskId } = (await response.json()) as { emailTaskId: string };
    const stateOf = async () => (await api.get(`/tasks/${emailTaskId}`)).body.state;
    await eventually(async () => (await stateOf()) === "RETRY", 90_000);
    // Five minutes are too long to wait for.
    await direct.query("update task set due_at = now() where id = $1", [emailTaskId]);
    await eventually(async () => (await stateOf()) === "SUCCESS", 90_000);
    expect(mail.mails()).toBe(1);
    expect((await api.get(`/tasks/${emailTaskId}`)).body.traceId).toBe(TRACE_ID);

    const rows = Array.from({ length: 250 }, (_, n) => ({ n }));
    const dataset = await api.post("/datasets", { name: "d", rows });
    const waited = await api.post("/tasks?wait=90s", {
      name: "process_large_dataset",
      params: { datasetId: dataset.body.id },
    });
    expect(waited).toMatchObject({ status: 200, body: { state: "SUCCESS" } });

    await expect(worker.stop()).resolves.toBe(0);
    await expect(gateway.stop()).resolves.toBe(0);
    const { spans } = receiver;
    const below = (span: ReceivedSpan): unknown => {
      const children = childrenOf(spans, span);
      const name = `${span.resource["service.name"] as string} ${span.name}`;
      if (children.length === 0) return name;
      return { [name]: children.map(below).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))) };
    };
    const ofTicket = spans.filter(({ traceId }) => traceId === TRACE_ID);
    const roots = ofTicket.filter(({ parentId }) => !ofTicket.some(({ spanId }) => spanId === parentId));
    expect(roots).toMatchObject([
      {
        parentId: "b7ad6b7169203331",
        kind: "server",
        attributes: {
          "http.request.method": "POST",
          "http.route": "/api/v1/tickets",
          "http.response.status_code": 201,
          "apium.correlation_id": "call-7",
        },
      },
    ]);
    const attempt = { "hand run send_ticket_email": ["hand send mail", "hand tickets.mailFacts"] };
    expect(roots.map(below)).toEqual([
      {
        "door POST /api/v1/tickets": [
          {
            "door tickets.create": [
              { "hand tickets.create": [{ "hand enqueue send_ticket_email": [attempt, attempt] }] },
            ],
          },
        ],
      },
    ]);
    const attempts = ofTicket.filter(({ name }) => name === "run send_ticket_email");
    expect(attempts.map(({ attributes }) => attributes["apium.task.outcome"]).sort()).toEqual(["retry", "success"]);
    expect(ofTicket.filter(({ isError }) => isError).map(({ name }) => name)).toEqual([
      "send mail",
      "run send_ticket_email",
    ]);

    const large = spans.filter(({ name }) => name === "POST /api/v1/tasks");
    expect(large.map(below)).toEqual([
      {
        "door POST /api/v1/tasks": [
          {
            "door tasks.enqueue": [
              {
                "door enqueue process_large_dataset": [
                  {
                    "hand run process_large_dataset": [
                      {
                        "hand enqueue process_chunk": [
                          "hand run process_chunk",
                          "hand run process_chunk",
                          "hand run process_chunk",
                        ],
                      },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
    ]);

    // Names are few: none holds an id. Tokens, addresses and what was said are nowhere.
    expect(spans.map(({ name }) => name).filter((name) => /\d{2,}|[\da-f]{8}-/.test(name))).toEqual([]);
    for (const secret of [TOKEN, "meera@facility.example", "Dark", "Pune", "try again later", "wait=90s"]) {
      expect(receiver.raw()).not.toContain(secret);
    }
    expect(loadedBy(gateway)).toContain("@opentelemetry/sdk-trace");
  }, 600_000);
});
