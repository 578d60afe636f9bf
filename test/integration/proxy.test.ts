/** The proxy's own site before two stand-ins for gateways: what it asks twice, what it must not, what it passes on. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { get as httpsGet } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { addressOf } from "../../services/gateway/request.ts";
import { eventually } from "../support/backends.ts";
import { proxySite } from "../support/proxy-site.ts";
import { describeWith } from "../support/requires.ts";
import { freePort } from "../support/servers/free-port.ts";
import { type ServerHandle, startNginx } from "../support/servers/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** What stands in for a gateway: it writes down what it was asked, and answers as it is told to. */
class StandIn {
  readonly asked: { readonly line: string; readonly headers: IncomingMessage["headers"]; readonly bytes: number }[] =
    [];
  answer: Answer = (_request, response) => response.end("fine");
  readonly #server: Server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    this.asked.push({ line: `${message.method} ${message.url}`, headers: message.headers, bytes: body.length });
    this.answer(message, response, body);
  });

  async open(port = 0): Promise<number> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

const dies: Answer = (message) => void message.socket.destroy();

describeWith(["nginx", "openssl"], "the proxy before two gateways", () => {
  const [first, second] = [new StandIn(), new StandIn()];
  const both = [first, second];
  const folder = temporaryFolder();
  let ports: number[];
  let proxy: ServerHandle;
  let tlsPort: number;

  beforeAll(async () => {
    ports = await Promise.all(both.map(async (one) => one.open(await freePort())));
    const [key, cert] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-days", "2", "-keyout", key, "-out", cert];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject], { stdio: "ignore" });
    tlsPort = await freePort();
    const tls = `listen 127.0.0.1:${tlsPort} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};`;
    proxy = await startNginx({ site: (port) => proxySite(port, ports, { tls, log: join(folder.path, "access.log") }) });
  }, 400_000);
  afterEach(() => {
    for (const one of both) {
      one.answer = (_request, response) => response.end("fine");
      one.asked.length = 0;
    }
  });
  afterAll(async () => {
    await proxy?.stop();
    await Promise.all(both.map((one) => one.close()));
    folder.remove();
  }, 400_000);

  const ask = (path: string, init: RequestInit = {}) => fetch(`${proxy.url}${path}`, init);
  const post = (path: string, headers: Record<string, string> = {}) =>
    ask(path, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: '{"n":1}' });
  const keysOf = (one: StandIn) => one.asked.map(({ headers }) => headers["idempotency-key"]);
  /** Both are asked in turn. */
  const untilAsked = async (one: StandIn, send: () => Promise<Response>): Promise<Response[]> => {
    const answers: Response[] = [];
    while (one.asked.length === 0) answers.push(await send());
    return answers;
  };

  test("a GET whose gateway dies over it is answered by the other", async () => {
    first.answer = dies;
    const answers = await untilAsked(first, () => ask("/api/v1/tasks?limit=1"));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(second.asked.at(-1)?.line).toBe("GET /api/v1/tasks?limit=1");
  });

  test("a task whose gateway dies over it is posted to the other, body and key the same", async () => {
    first.answer = dies;
    const answers = await untilAsked(first, () => post("/api/v1/tasks?wait=5s"));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const [made] = keysOf(first);
    expect(made).toMatch(/^[0-9a-f]{32}$/);
    expect(keysOf(second).at(-1)).toBe(made);
    expect(second.asked.at(-1)).toMatchObject({ line: "POST /api/v1/tasks?wait=5s", bytes: 7 });
    expect(new Set([...keysOf(first), ...keysOf(second)]).size).toBe(answers.length);
  });

  test("a client's own key is passed on as it is, wherever it is sent", async () => {
    await post("/api/v1/tasks", { "Idempotency-Key": "mine" });
    await post("/api/v1/tickets", { "Idempotency-Key": "mine" });
    await post("/api/v1/tickets");
    expect([...keysOf(first), ...keysOf(second)].sort()).toEqual(["mine", "mine", undefined]);
  });

  test.each(["/api/v1/tickets", "/api/v1/tasks/1/retry", "/graphql"])(
    "a POST %s that a gateway has been sent is never sent again, and its client is told",
    async (path) => {
      first.answer = dies;
      const answers = await untilAsked(first, () => post(path));
      expect(answers.at(-1)?.status).toBe(502);
      expect(first.asked.length + second.asked.length).toBe(answers.length);
    },
  );

  test("a POST that could not be sent goes to the other", async () => {
    await first.close();
    const answers = [await post("/api/v1/tickets"), await post("/api/v1/tickets"), await post("/api/v1/tickets")];
    await first.open(ports[0]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(second.asked).toHaveLength(3);
  });

  test("one gateway is asked however often the other has failed", async () => {
    await first.close();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask("/healthz")));
    await first.open(ports[0]);
    second.answer = dies;
    const others = await Promise.all(Array.from({ length: 30 }, () => ask("/healthz")));
    expect(new Set([...answers, ...others].map(({ status }) => status))).toEqual(new Set([200]));
  });

  test("a gateway's 503 is its answer, also when every gateway gives it again and again", async () => {
    for (const one of both)
      one.answer = (_request, response) => {
        response.writeHead(503, { "Retry-After": "2", "Content-Type": "application/json" });
        response.end('{"error":{"code":"STORE_UNAVAILABLE"}}');
      };
    for (let turn = 0; turn < 12; turn += 1) {
      const answer = turn % 2 === 0 ? await ask("/api/v1/tasks") : await post("/api/v1/tasks");
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
      expect(await answer.json()).toEqual({ error: { code: "STORE_UNAVAILABLE" } });
    }
  });

  test("events arrive while their answer goes on", async () => {
    let end = () => {};
    for (const one of both)
      one.answer = (_request, response) => {
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        response.write("id: 1\n\n");
        end = () => response.end();
      };
    const reader = ((await ask("/events")).body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect(Buffer.from(value ?? []).toString()).toBe("id: 1\n\n");
    end();
    expect((await reader.read()).done).toBe(true);
  });

  test("a file of 25 MB goes through whole, and only when all of it is there; a larger one asks no gateway", async () => {
    const { port } = new URL(proxy.url);
    const slow = request({
      port,
      method: "POST",
      path: "/api/v1/attachments",
      headers: { "Content-Length": 25_000_000 },
    });
    slow.write(Buffer.alloc(10_000_000));
    await ask("/healthz"); // A second request, from beginning to end.
    expect([...first.asked, ...second.asked].map(({ line }) => line)).toEqual(["GET /healthz"]);
    slow.end(Buffer.alloc(15_000_000));
    const [answer] = (await once(slow, "response")) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(200);
    const [uploaded] = [...first.asked, ...second.asked].filter(({ line }) => line.startsWith("POST"));
    expect(uploaded?.bytes).toBe(25_000_000);

    const before = first.asked.length + second.asked.length;
    const large = await ask("/api/v1/attachments", { method: "POST", body: Buffer.alloc(27_000_000) }).catch(
      () => undefined,
    );
    // It may close the connection before all of it is sent.
    if (large !== undefined) expect(large.status).toBe(413);
    expect(first.asked.length + second.asked.length).toBe(before);
  });

  test("its log has no query, in which a token may be", async () => {
    await ask("/?token=secret-of-somebody", { headers: { Referer: `${proxy.url}/?token=secret-of-somebody` } });
    await ask("/after");
    // Either of the proxy's two processes writes its lines when it has the time.
    const log = await eventually(async () => {
      const text = readFileSync(join(folder.path, "access.log"), "utf8");
      return /"GET \/" 200 /.test(text) && text.includes("/after") && text;
    });
    expect(log).not.toContain("secret-of-somebody");
  });

  test("gateways are told the address that was asked, and who asked comes after what a client claims", async () => {
    const answer = await ask("/healthz", { headers: { "X-Forwarded-For": "1.2.3.4" } });
    expect(answer.headers.get("strict-transport-security")).toBeNull();
    expect(answer.headers.get("server")).toBe("nginx");
    expect([...first.asked, ...second.asked][0]?.headers).toMatchObject({
      host: new URL(proxy.url).host,
      "x-forwarded-for": "1.2.3.4, 127.0.0.1",
      "x-forwarded-proto": "http",
    });
    const [asked] = [...first.asked, ...second.asked];
    // One proxy: the client, whatever it claims. Two: what the first of them said.
    expect([1, 2].map((proxies) => addressOf(asked as unknown as IncomingMessage, proxies))).toEqual([
      "127.0.0.1",
      "1.2.3.4",
    ]);
  });

  test("over TLS they are told so, and browsers are told to stay with it", async () => {
    const asking = httpsGet({ host: "127.0.0.1", port: tlsPort, path: "/healthz", rejectUnauthorized: false });
    const [answer] = (await once(asking, "response")) as [IncomingMessage];
    answer.resume();
    expect(answer.headers["strict-transport-security"]).toBe("max-age=31536000");
    expect([...first.asked, ...second.asked][0]?.headers["x-forwarded-proto"]).toBe("https");
  });
});
