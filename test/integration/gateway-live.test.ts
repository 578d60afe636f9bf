/** Server-sent events: who may watch, what is told, and how a watcher goes on after it lost the connection. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { TASK_EVENTS_SUBJECT, type TaskEvent } from "../../runtime/index.ts";
import { Access } from "../../services/gateway/access.ts";
import { AccountBook } from "../../services/gateway/account-book.ts";
import { LiveFeed, type LiveMessage } from "../../services/gateway/live/live-feed.ts";
import { LiveRoute } from "../../services/gateway/live/live-route.ts";
import type { Request } from "../../services/gateway/request.ts";
import type { ServiceParts } from "../../services/service-parts.ts";
import { readSettings } from "../../settings.ts";
import { type AccountsGateway, startAccountsGateway, TOKENS } from "../support/accounts.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const event = (n: number): TaskEvent => ({
  ...{ type: "succeeded", id: `0190aaaa-0000-7000-8000-${String(n).padStart(12, "0")}`, name: "add" },
  ...{ queue: "default", attempt: 1, at: n },
});

describe("the feed", () => {
  test("tells a watcher who comes back what it missed, and no more", () => {
    const feed = new LiveFeed("a");
    const seen: LiveMessage[] = [];
    const leave = feed.watch((message) => seen.push(message), undefined);
    feed.tell("one", { n: 1 });
    leave();
    feed.tell("two", { n: 2 });
    feed.tell("three", { n: 3 });
    const again: string[] = [];
    feed.watch(({ event: what }) => again.push(what), seen.at(-1)?.id);
    feed.tell("four", { n: 4 });
    expect(seen.map(({ event: what }) => what)).toEqual(["one"]);
    expect(again).toEqual(["two", "three", "four"]);
  });

  test.each(["b-1", "a-99", "nonsense"])("resets one whose place %s is not known", (lastId) => {
    const feed = new LiveFeed("a");
    feed.tell("one", {});
    const seen: string[] = [];
    feed.watch(({ event: what }) => seen.push(what), lastId);
    expect(seen).toEqual(["reset"]);
  });

  test("resets one who was away for longer than is kept, and keeps no more than it says", () => {
    const feed = new LiveFeed("a");
    for (let n = 0; n < 2_000; n += 1) feed.tell("x", { n });
    const seen: string[] = [];
    feed.watch(({ event: what }) => seen.push(what), "a-1");
    expect(seen).toEqual(["reset"]);
    const recent: string[] = [];
    feed.watch(({ event: what }) => recent.push(what), "a-1500");
    expect(recent).toHaveLength(500);
  });

  test("gathers the events of tasks: some of them, and the number of all", async () => {
    const feed = new LiveFeed("a");
    const seen: LiveMessage[] = [];
    feed.watch((message) => seen.push(message), undefined);
    for (let batch = 0; batch < 10; batch += 1) {
      feed.tellTasks({ events: Array.from({ length: 100 }, (_, n) => event(n)), dropped: 1 });
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(seen.map(({ event: what }) => what)).toEqual(["tasks"]);
    const { events, counts, dropped } = JSON.parse(seen[0]?.data ?? "") as {
      events: unknown[];
      counts: object;
      dropped: number;
    };
    expect({ told: events.length, counts, dropped }).toEqual({ told: 100, counts: { succeeded: 1_000 }, dropped: 10 });
  });
});

describe("the route", () => {
  test("keeps no place for who leaves while the accounts are asked whether they may watch", async () => {
    const feed = new LiveFeed("a");
    const account = { key: "token:1", name: "x", role: "viewer", clientId: null, personId: null, expiresAt: null };
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<object>()];
    const book = new AccountBook(() => {
      asked.resolve();
      return answered.promise;
    }, Date.now);
    const folder = temporaryFolder();
    const settings = readSettings({ DATA_DIR: folder.path });
    const neverAsked = () => Promise.reject(new Error("no phone"));
    const access = new Access({
      settings,
      sessions: {} as ServiceParts["cache"],
      accounts: book,
      phones: neverAsked,
      now: Date.now,
    });
    const route = new LiveRoute(access, feed);
    const left = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      response.on("close", left.resolve);
      route
        .answer(Object.assign(request, { query: {} }) as unknown as Request, response)
        .then(done.resolve, done.reject);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const leave = new AbortController();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
    const headers = { Authorization: `Bearer apium_${"t".repeat(43)}` };
    const watching = fetch(url, { headers, signal: leave.signal }).catch(() => {});
    await asked.promise;
    leave.abort();
    await Promise.all([left.promise, watching]);
    answered.resolve(account);
    await done.promise;
    expect(feed.watchers).toBe(0);
    route.close();
    server.close();
    folder.remove();
  });
});

describe("GET /events", () => {
  let facility: Facility;
  let gateway: AccountsGateway;
  beforeAll(async () => {
    facility = await openFacility("pglite");
    gateway = await startAccountsGateway(facility.backend);
  }, 400_000);
  afterAll(async () => {
    await gateway.stop();
    await facility.backend.reset();
    await facility.backend.close();
  }, 400_000);

  const watch = (token: string | undefined, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${gateway.url}/events`, {
      headers: { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...headers },
      ...(signal === undefined ? {} : { signal }),
    });
  /** Reads until the text holds `what`. */
  async function readUntil(response: Response, what: string): Promise<string> {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.includes(what)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`it ended: ${text}`);
      text += decoder.decode(value, { stream: true });
    }
    reader.releaseLock();
    return text;
  }

  test("is for operators of the whole system", async () => {
    const clientId = await facility.makeClient();
    const made = await gateway.ask(TOKENS.admin, "POST", "/accounts/tokens", { name: "x", role: "admin", clientId });
    expect((await watch(undefined)).status).toBe(401);
    expect((await watch("no-token-of-anybody")).status).toBe(401);
    expect((await watch(made.body.token)).status).toBe(403);
  });

  test("tells what happens, and goes on after a lost connection", async () => {
    const leave = new AbortController();
    const response = await watch(TOKENS.viewer, {}, leave.signal);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    await gateway.broker.broadcast(TASK_EVENTS_SUBJECT, { events: [event(1)], dropped: 0 });
    const first = await readUntil(response, "event: tasks");
    const lastId = /id: (\S+)/.exec(first)?.[1] ?? "";
    leave.abort();
    const ticket = { id: 7, uuid: "0190aaaa-0000-7000-8000-000000000007", number: "S#7", clientId: 1, siteId: 1 };
    await gateway.broker.broadcast("ticket.created", ticket);
    const back = new AbortController();
    const again = await watch(TOKENS.viewer, { "Last-Event-ID": lastId }, back.signal);
    const text = await readUntil(again, "event: ticket.created");
    expect(text).toContain('data: {"id":7,');
    expect(text).not.toContain("event: tasks");
    back.abort();
  });
});
