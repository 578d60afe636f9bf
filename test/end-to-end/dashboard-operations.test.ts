/** What operators do most, done with clicks in a real browser on one embedded product: each is seen in what REST and the audit say. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { eventually } from "../support/backends.ts";
import { describeInBrowser, type Visit } from "../support/browser.ts";
import { client, type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKEN = "admin-token-of-the-operations";
const MAIL = "send_ticket_email";
const PATIENCE_MS = 90_000;
/** No schedule and no service puts a task there. */
const QUIET_QUEUE = "low_priority";

describeInBrowser("an operator with the dashboard alone", (visit) => {
  const folder = temporaryFolder();
  let program: Program;
  let api: ReturnType<typeof client>;
  let visited: Visit;
  let page: Page;

  beforeAll(async () => {
    program = await start({ DATA_DIR: folder.path, API_TOKENS: `admin:${TOKEN}` });
    api = client(program.url, TOKEN);
    visited = await visit({ url: program.url, token: TOKEN });
    page = visited.page;
  }, 400_000);
  afterAll(async () => {
    await visited.close();
    await program.stop();
    folder.remove();
  }, 400_000);

  /** Accepts a mail about a ticket. @returns the task's id. */
  async function mail(params: object, options: object = {}): Promise<string> {
    const { body } = await api.post("/tasks", { name: MAIL, params: { event: "created", ...params }, options });
    return String(body.id);
  }
  const later = (ticketId: number) => mail({ ticketId }, { countdown: "1h" });
  const stateOf = async (id: string) => (await api.get(`/tasks/${id}`)).body.state;
  const untilState = (id: string, state: string) => eventually(async () => (await stateOf(id)) === state, PATIENCE_MS);
  async function lastChange(action: string): Promise<unknown> {
    const { body } = await api.get(`/audit?action=${action}&limit=1`);
    return (body.items as unknown[])[0];
  }
  /** A row of the audit follows its change. */
  const untilLastChange = (action: string, wanted: object) =>
    eventually(async () => {
      expect(await lastChange(action)).toMatchObject(wanted);
      return true;
    }, PATIENCE_MS);
  const button = (name: string | RegExp) => page.getByRole("button", { name });
  const dialog = (name: string | RegExp) => page.getByRole("dialog", { name });
  const rows = () => page.getByRole("grid", { name: "Tasks" }).locator("tbody tr.opens");
  const select = (id: string) => page.getByRole("checkbox", { name: `Select ${MAIL} ${id}` }).check();

  test("finds tasks by state and by text of their parameters", async () => {
    const [one, other] = [await later(71_001), await later(71_002)];
    await page.goto(`/tasks?name=${MAIL}`);
    await page.getByRole("group", { name: "States" }).getByRole("button", { name: "Scheduled" }).click();
    await page.waitForURL(/state=SCHEDULED/);
    for (const id of [one, other]) await page.locator(`#row-${id}`).waitFor();
    await page.getByRole("searchbox", { name: "Id, name or text of the parameters" }).fill("71002");
    await page.locator(`#row-${one}`).waitFor({ state: "detached" });
    await page.locator(`#row-${other}`).waitFor();
    expect(await rows().count()).toBe(1);
    await page.getByRole("group", { name: "States" }).getByRole("button", { name: "Scheduled" }).click();
    await page.getByRole("group", { name: "States" }).getByRole("button", { name: "Failure" }).click();
    await page.getByText("No task fits").waitFor();
  }, 400_000);

  test("runs selected tasks now, and leaves the others to their time", async () => {
    const [first, second, left] = [await later(1), await later(1), await later(1)];
    await page.goto(`/tasks?state=SCHEDULED&name=${MAIL}`);
    await select(first);
    await select(second);
    await page.getByRole("toolbar").getByRole("button", { name: "Run now" }).click();
    await dialog("Run 2 tasks now?").getByRole("button", { name: "Run now" }).click();
    for (const id of [first, second]) await untilState(id, "SUCCESS");
    expect(await stateOf(left)).toBe("SCHEDULED");
    await untilLastChange("task.run-now-many", {
      role: "admin",
      details: { matched: 2, released: 2 },
    });
  }, 400_000);

  test("revokes selected tasks, after it was asked and not before", async () => {
    const [first, second, left] = [await later(2), await later(2), await later(2)];
    await page.goto(`/tasks?state=SCHEDULED&name=${MAIL}`);
    await select(first);
    await select(second);
    await page.getByRole("toolbar").getByRole("button", { name: "Revoke" }).click();
    await dialog("Revoke 2 tasks?").getByText("2 waiting tasks will never run.").waitFor();
    expect([await stateOf(first), await stateOf(second)]).toEqual(["SCHEDULED", "SCHEDULED"]);
    await dialog("Revoke 2 tasks?").getByRole("button", { name: "Revoke" }).click();
    for (const id of [first, second]) await untilState(id, "REVOKED");
    expect(await stateOf(left)).toBe("SCHEDULED");
    await untilLastChange("task.revoke-many", { details: { matched: 2, revoked: 2 } });
  }, 400_000);

  test("purges a paused queue: what waits will never run, what is due later stays", async () => {
    await api.post(`/queues/${QUIET_QUEUE}/pause`);
    const scheduled = await mail({ ticketId: 3 }, { queue: QUIET_QUEUE, countdown: "1h" });
    const waiting = [
      await mail({ ticketId: 3 }, { queue: QUIET_QUEUE }),
      await mail({ ticketId: 3 }, { queue: QUIET_QUEUE }),
    ];
    // A count may be some seconds old.
    await eventually(async () => {
      const { items } = (await api.get("/queues")).body as { items: { name: string; queued: number }[] };
      return items.some(({ name, queued }) => name === QUIET_QUEUE && queued === 2);
    }, PATIENCE_MS);
    await page.goto(`/queues/${QUIET_QUEUE}`);
    await button(`Purge ${QUIET_QUEUE}`).click();
    const asked = dialog(`Purge ${QUIET_QUEUE}?`);
    await asked.getByText("2 waiting tasks will be revoked and never run.").waitFor();
    await asked.getByRole("button", { name: "Purge" }).click();
    for (const id of waiting) await untilState(id, "REVOKED");
    expect(await stateOf(scheduled)).toBe("SCHEDULED");
    await untilLastChange("queue.purge", { target: QUIET_QUEUE, details: { purged: 2 } });
    await button("Resume").click();
    await page.getByText("Open", { exact: true }).waitFor();
  }, 400_000);

  test("mends a dead letter's parameters and runs it again with them", async () => {
    const lost = await mail({ ticketId: 987_654 });
    await untilState(lost, "FAILURE");
    await page.goto("/dead-letters?view=list");
    await page.getByRole("link", { name: MAIL }).first().click();
    await button("Edit and run again").click();
    const field = page.getByLabel("The new task's parameters");
    expect(JSON.parse(await field.inputValue())).toMatchObject({ ticketId: 987_654 });
    await field.fill('{ "ticketId": 1, "event": "created" }');
    await button("Run again with these").click();
    await page.getByText("Handled", { exact: true }).first().waitFor();
    const { body } = await api.get("/dead-letters?handled=true");
    const [letter] = body.items as { taskId: string; requeuedAs: string }[];
    expect(letter).toMatchObject({ taskId: lost, requeuedAs: expect.any(String) });
    await untilState(String(letter?.requeuedAs), "SUCCESS");
    expect((await api.get(`/tasks/${letter?.requeuedAs}`)).body.params).toMatchObject({ ticketId: 1 });
  }, 400_000);

  test("makes a schedule after a look at when it fires, switches it off and on, and deletes it", async () => {
    const name = "made_in_the_browser";
    const schedule = async () => (await api.get(`/schedules/${name}`)).body;
    await page.goto("/schedules?new=1");
    const editor = dialog("New schedule");
    await editor.getByLabel("Name").fill(name);
    await editor.getByLabel("Cron expression").fill("30 6 * * mon-fr");
    await editor.getByText("See what is said at the fields.").waitFor();
    await editor.getByLabel("Cron expression").fill("30 6 1 1 *");
    await editor
      .getByRole("region", { name: "When it will fire" })
      .getByText(/1 Jan.*06:30/)
      .first()
      .waitFor();
    await editor.getByLabel("Task", { exact: true }).fill(MAIL);
    await editor.getByLabel("Parameters").fill('{ "ticketId": 1, "event": "created" }');
    await editor.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    expect(await schedule()).toMatchObject({ cron: "30 6 1 1 *", task: MAIL, enabled: true, params: { ticketId: 1 } });

    const toggle = page.getByRole("switch", { name });
    await toggle.click();
    await eventually(async () => (await schedule()).enabled === false, PATIENCE_MS);
    await page.locator(`[role=switch][aria-label=${name}][aria-checked=false]:not([disabled])`).waitFor();
    await toggle.click();
    await eventually(async () => (await schedule()).enabled === true, PATIENCE_MS);
    // It was answered: its row of the audit is written.
    await page.locator(`[role=switch][aria-label=${name}][aria-checked=true]:not([disabled])`).waitFor();

    await button("Delete").click();
    await dialog(`Delete ${name}?`).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Schedules" }).waitFor();
    expect((await api.get(`/schedules/${name}`)).status).toBe(404);
    const { body } = await api.get(`/audit?action=schedule&target=${name}`);
    const actions = (body.items as { action: string }[]).map(({ action }) => action);
    expect(actions).toEqual(["schedule.remove", "schedule.change", "schedule.change", "schedule.create"]);
  }, 400_000);

  test("deletes the keys of a cache that fit a pattern, and no others", async () => {
    for (const key of ["crane:1", "crane:2", "crate:1"]) await api.post("/cache/keys", { key, value: 1 });
    await page.goto("/cache?cache=default");
    await button("Delete by pattern").click();
    await dialog("Delete keys of default").getByLabel("Glob").fill("crane:*");
    await dialog("Delete keys of default").getByRole("button", { name: "Delete 2 keys" }).click();
    await dialog("Delete keys of default").waitFor({ state: "hidden" });
    expect((await api.get("/cache/keys?pattern=cra*")).body.items).toEqual(["crate:1"]);
    await untilLastChange("cache.delete-pattern", { target: "crane:*", details: { count: 2 } });
  }, 400_000);

  test("makes a token that signs in until it is revoked", async () => {
    await page.goto("/settings?tab=tokens&new=1");
    await dialog("New token").getByLabel("Name").fill("Grafana");
    await dialog("New token").getByRole("button", { name: "Make it" }).click();
    const token = await dialog("Grafana is made").locator("code").first().textContent();
    const grafana = client(program.url, token ?? "");
    expect((await grafana.get("/me")).body).toMatchObject({ role: "viewer" });
    expect((await grafana.post("/queues/email/pause")).status).toBe(403);
    await button("I have it").click();
    await button("Revoke Grafana").click();
    await dialog("Revoke Grafana?").getByRole("button", { name: "Revoke" }).click();
    await eventually(async () => (await grafana.get("/me")).status === 401, PATIENCE_MS);
    await untilLastChange("token.revoke", { details: { name: "Grafana" } });
  }, 400_000);

  test("reaches what matters most in each list on a phone", async () => {
    await untilState(await mail({ ticketId: 987_655 }), "FAILURE");
    await page.setViewportSize({ width: 390, height: 844 });
    const overhang = () =>
      page.locator(".table-scroll").evaluateAll((all) => all.map((one) => one.scrollWidth - one.clientWidth));

    const waiting = await later(4);
    await page.goto(`/tasks?state=SCHEDULED&name=${MAIL}`);
    await select(waiting);
    await page.getByRole("toolbar").getByRole("button", { name: "Run now" }).click();
    await dialog("Run 1 task now?").getByRole("button", { name: "Not now" }).click();
    expect(await page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")).toBe(0);
    expect(await stateOf(waiting)).toBe("SCHEDULED");

    await page.goto("/queues");
    await button("Pause email").click();
    await page.getByText("Paused", { exact: true }).waitFor();
    expect(await overhang()).toEqual([0]);
    await untilLastChange("queue.pause", { target: "email" });
    await button("Resume email").click();
    await page.getByText("Paused", { exact: true }).waitFor({ state: "detached" });

    await page.goto("/schedules");
    await page.getByRole("switch", { name: "ticket_escalation_every_30min" }).click();
    await page.getByText("Off", { exact: true }).waitFor();
    expect(await overhang()).toEqual([0]);
    expect((await api.get("/schedules/ticket_escalation_every_30min")).body.enabled).toBe(false);

    await page.goto("/dead-letters");
    await button("Run again: the ticket is gone").click();
    expect(await overhang()).toEqual([0]);
    await dialog("Run 1 dead letter again?").getByRole("button", { name: "Run again" }).click();
    await eventually(async () => (await lastChange("dead-letter.requeue-many")) !== undefined, PATIENCE_MS);
  }, 400_000);

  test("has heard no complaint of the pages meanwhile", () => {
    expect(visited.complaints.filter((complaint) => !/status of 4\d\d .*\/schedules\//.test(complaint))).toEqual([]);
  });
});
