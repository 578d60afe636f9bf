/** The dashboard's live connection in a real browser: what becomes of it when it falls silent, breaks off or is refused. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { TASK_EVENTS_SUBJECT, type TaskEvent } from "../../runtime/index.ts";
import { type AccountsGateway, startTaskGateway, TOKENS } from "../support/accounts.ts";
import { type BreakableProxy, openBreakableProxy } from "../support/breakable-proxy.ts";
import { describeInBrowser, type Visit } from "../support/browser.ts";
import { type Facility, openFacility } from "../support/facility.ts";

const LIVE = "Live: what happens shows at once";
const LOST = "The connection is lost; trying again. What is shown may be old.";
/** As many messages as a gateway keeps for those who come back. */
const KEPT = 500;

const EVENT: TaskEvent = {
  ...{ type: "succeeded", id: "0190aaaa-0000-7000-8000-000000000001", name: "add" },
  ...{ queue: "default", attempt: 1, at: 1 },
};
const TICKET = { uuid: "0190aaaa-0000-7000-8000-000000000007", number: "S#7", clientId: null, siteId: 1 };

describeInBrowser("the live connection", (visit) => {
  let facility: Facility;
  let gateway: AccountsGateway;
  let proxy: BreakableProxy;
  let visited: Visit;
  let page: Page;

  beforeAll(async () => {
    facility = await openFacility("pglite");
    gateway = await startTaskGateway(facility.backend);
  }, 400_000);
  afterAll(async () => {
    await gateway.stop();
    await facility.backend.reset();
    await facility.backend.close();
  }, 300_000);

  beforeEach(async () => {
    for (const queue of ["email", "reports"]) await change(queue, "resume");
    proxy = await openBreakableProxy(gateway.url);
    visited = await visit({ url: proxy.url, token: TOKENS.viewer });
    page = visited.page;
    await page.clock.install();
    // Nothing is asked because time has passed: what the page learns, it learns of the connection.
    await page.addInitScript(() => {
      globalThis.setInterval = (() => 0) as unknown as typeof setInterval;
    });
    await page.goto("/queues");
    await page.getByTitle(LIVE).waitFor();
    await page.getByRole("cell", { name: "email", exact: true }).waitFor();
    expect(await page.getByText(/^Paused/).count()).toBe(0);
  }, 300_000);
  afterEach(async () => {
    await visited.close();
    await proxy.close();
  }, 300_000);

  const change = (queue: string, what: "pause" | "resume") =>
    gateway.ask(TOKENS.operator, "POST", `/queues/${queue}/${what}`);
  const tellOfTask = () => gateway.broker.broadcast(TASK_EVENTS_SUBJECT, { events: [EVENT], dropped: 0 });
  /** In the row of a queue: the page has asked again since it was paused. */
  const seesPaused = (queue: string) =>
    page
      .getByRole("row", { name: queue })
      .getByText(/^Paused/)
      .waitFor();

  /** After it the page knows where it is, and so does the test. */
  async function hearOne() {
    await change("email", "pause");
    await tellOfTask();
    await seesPaused("email");
    proxy.asked();
    proxy.heard();
  }

  test("that is silent is lost, whatever the browser believes: it is made anew and goes on where it was", async () => {
    await hearOne();
    proxy.silence("/events");
    await change("reports", "pause");
    await tellOfTask();
    await page.clock.fastForward(20_000);
    expect(await page.getByTitle(LIVE).count()).toBe(1);
    expect(proxy.asked()).not.toContain("GET /events");
    await page.clock.fastForward(25_000);
    await seesPaused("reports");
    await page.getByTitle(LIVE).waitFor();
    expect(proxy.asked()).toMatch(/GET \/events\?lastEventId=\w+-\d+ /);
    const heard = proxy.heard();
    expect(heard).toContain("event: tasks");
    expect(heard).not.toContain("event: reset");
  }, 300_000);

  test("that breaks off says so, and goes on where it was", async () => {
    await hearOne();
    proxy.cut();
    await page.getByTitle(LOST).waitFor();
    // In words, on the narrowest page, too: a colour alone tells nobody.
    await page.setViewportSize({ width: 390, height: 800 });
    await page.getByText("Offline", { exact: true }).waitFor();
    await change("reports", "pause");
    await tellOfTask();
    proxy.mend();
    await seesPaused("reports");
    await page.getByTitle(LIVE).waitFor();
    expect(proxy.asked()).toMatch(/GET \/events.*\r\n(.+\r\n)*last-event-id: \w+-\d+/i);
    expect(proxy.heard()).not.toContain("event: reset");
  }, 300_000);

  test("that was away for longer than is kept makes the page look at everything anew", async () => {
    await hearOne();
    proxy.cut();
    await page.getByTitle(LOST).waitFor();
    await change("reports", "pause");
    for (let id = 1; id <= KEPT + 1; id += 1) await gateway.broker.broadcast("ticket.created", { ...TICKET, id });
    proxy.mend();
    await seesPaused("reports");
    expect(proxy.heard()).toContain("event: reset");
  }, 300_000);

  test("that broke off before it had a message cannot tell what was missed: everything is looked at anew", async () => {
    proxy.cut();
    await page.getByTitle(LOST).waitFor();
    await change("reports", "pause");
    proxy.mend();
    await seesPaused("reports");
    await page.getByTitle(LIVE).waitFor();
  }, 300_000);

  test("that is refused is asked for again", async () => {
    await page.route("**/events", (route) => route.fulfill({ status: 503 }));
    await page.goto("/queues");
    await page.getByTitle(LOST).waitFor();
    await page.unroute("**/events");
    await page.clock.fastForward(5_000);
    await page.getByTitle(LIVE).waitFor();
  }, 300_000);
});
