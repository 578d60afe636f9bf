/** From a fresh start: work comes due, what nobody did is closed with its mail or ticket, a ticket climbs; all through REST. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "../support/backends.ts";
import { adminToken, client, type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PATIENCE_MS = 90_000;
/** What is told by mail when the server closes it, and what raises a ticket: the test's own, and the demo's jobs. */
const MAILED = ["Nobody came", "Front desk check", "Night tour"];
const TICKETED = ["Nobody looked", "Pump house check", "Weekly generator maintenance"];

interface Page<Item> {
  readonly items: Item[];
}
interface Job {
  readonly id: number;
  readonly name: string;
}
interface Jobneed {
  readonly id: number;
  readonly status: string;
  readonly parentId: number | null;
  readonly expiryAt: string;
}

describe("the facility, from a fresh start", () => {
  const folder = temporaryFolder();
  let program: Program;
  let api: ReturnType<typeof client>;
  beforeAll(async () => {
    // Without the scheduler, whose half-hourly sweeps could come in between.
    const SERVICES = "gateway,email,facility,jobs,tickets,escalation,cache";
    program = await start({ DATA_DIR: folder.path, SERVICES });
    api = client(program.url, adminToken(folder.path));
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    folder.remove();
  }, 400_000);

  const get = async <Body>(path: string) => (await api.get(path)).body as Body;
  const run = async (name: string) => (await api.post("/tasks?wait=60s", { name })).body;

  test("the demo's jobs have occurrences: checks, a tour with its checkpoints, maintenance with a reminder", async () => {
    const jobs = await eventually(async () => {
      const { items } = await get<Page<Job>>("/jobs?limit=50");
      return items.length > 0 && items;
    }, PATIENCE_MS);
    const named = (name: string) => jobs.find((job) => job.name === name)?.id ?? 0;
    const checks = await eventually(async () => {
      const { items } = await get<Page<Jobneed>>(`/jobneeds?jobId=${named("Hourly guard check")}&limit=100`);
      return items.length > 0 && items;
    }, PATIENCE_MS);
    expect(checks).toHaveLength(48);
    // Each job has a transaction of its own.
    const tours = await eventually(async () => {
      const { items } = await get<Page<Jobneed>>(`/jobneeds?jobId=${named("Night tour")}&limit=100`);
      return items.length > 0 && items;
    }, PATIENCE_MS);
    expect(tours.filter(({ parentId }) => parentId === null)).toHaveLength(2);
    await eventually(async () => (await get<Page<object>>("/reminders")).items.length > 5, PATIENCE_MS);
  }, 400_000);

  test("a job that is made and run has its occurrences at the site's wall clock", async () => {
    const made = await api.post("/jobs", {
      ...{ siteId: 1, name: "Water meter", identifier: "TASK", cron: "0 8 * * *", planDuration: 30, graceTime: 10 },
      ...{ expiryTime: 15, validFrom: "2026-01-01T00:00:00Z", validTo: "2036-01-01T00:00:00Z" },
    });
    expect(made.status).toBe(201);
    const id = made.body.id as number;
    expect((await api.post(`/jobs/${id}/run`)).body).toMatchObject({ occurrences: 2 });
    expect((await api.post(`/jobs/${id}/run`)).body).toMatchObject({ occurrences: 0 });
    const { items } = await get<Page<Jobneed & { scheduledAt: string; planAt: string }>>(`/jobneeds?jobId=${id}`);
    expect(items[0]?.scheduledAt).toMatch(/T02:30:00.000Z$/); // 08:00 in Kolkata
    expect(items[0]?.planAt).toMatch(/T02:20:00.000Z$/);
    const wrong = await api.post("/jobs", { siteId: 1, name: "x", identifier: "TASK", cron: "0 25 * * *" });
    expect(wrong.status).toBe(422);
  }, 400_000);

  test("work that nobody did is closed once: one with its mail, one with a ticket that is told too", async () => {
    const overdue = async (name: string, notifyCategory: string) => {
      const past = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
      const made = await api.post("/jobneeds", {
        ...{ siteId: 1, name, planAt: past(30), expiryAt: past(5), notifyCategory },
      });
      expect(made).toMatchObject({ status: 201 });
      return made.body.id as number;
    };
    const mailed = await overdue("Nobody came", "AUTOCLOSENOTIFY");
    const ticketed = await overdue("Nobody looked", "RAISETICKETNOTIFY");
    const closing = async () => {
      const { state, result } = await run("auto_close_jobs");
      expect(state).toBe("SUCCESS");
      return result as { closed: number; mails: number; tickets: number };
    };
    const closings = [await closing(), await closing()];
    for (const id of [mailed, ticketed]) expect(await get(`/jobneeds/${id}`)).toMatchObject({ status: "AUTOCLOSED" });
    // Work of the demo expires in six minutes of each hour, and may do so just now: it is closed once, too.
    const { items } = await get<Page<Jobneed & Job>>("/jobneeds?status=AUTOCLOSED&limit=500");
    const closed = items.filter(({ parentId }) => parentId === null).map(({ name }) => name);
    const expected = {
      closed: closed.length,
      mails: closed.filter((name) => MAILED.includes(name)).length,
      tickets: closed.filter((name) => TICKETED.includes(name)).length,
    };
    const sum = (of: keyof typeof expected) => closings.reduce((total, each) => total + each[of], 0);
    expect({ closed: sum("closed"), mails: sum("mails"), tickets: sum("tickets") }).toEqual(expected);
    const told = expected.mails + expected.tickets;
    await eventually(async () => {
      const { items: mails } = await get<Page<{ subject: string }>>("/mailbox?limit=50");
      return mails.filter(({ subject }) => /AUTOCLOSE/i.test(subject)).length === told;
    }, PATIENCE_MS);
    const { items: tickets } = await get<Page<{ description: string; status: string }>>("/tickets?limit=50");
    expect(tickets.filter(({ description }) => description.startsWith("AUTOCLOSED"))).toHaveLength(expected.tickets);
  }, 400_000);

  test("a ticket climbs one level when it has waited long enough, and tells so", async () => {
    const categories = await get<Page<{ id: number; code: string }>>("/type-assist?category=TICKETCATEGORY");
    const categoryId = categories.items.find(({ code }) => code === "GENERAL")?.id;
    expect((await api.post("/type-assist", { category: "TICKETCATEGORY", code: "FAST", name: "Fast" })).status).toBe(
      201,
    );
    const row = await api.post("/escalation-matrix", {
      ...{ siteId: 1, category: "FAST", level: 1, frequency: "MINUTE", frequencyValue: 0, assignedPersonId: 2 },
    });
    expect(row).toMatchObject({ status: 201 });
    const made = await api.post("/tickets", {
      siteId: 1,
      description: "Alarm sounds",
      categoryId,
      assignedToPersonId: 1,
    });
    const fast = await api.post("/tickets", {
      siteId: 1,
      description: "Pump runs dry",
      category: "FAST",
      assignedToPersonId: 1,
    });
    expect([made.status, fast.status]).toEqual([201, 201]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await run("ticket_escalation")).toMatchObject({ state: "SUCCESS", result: { escalated: 1 } });
    expect(await run("ticket_escalation")).toMatchObject({ result: { escalated: 0 } });
    expect(await get(`/tickets/${fast.body.id}`)).toMatchObject({ level: 1, assignedToPersonId: 2 });
    expect(await get(`/tickets/${made.body.id}`)).toMatchObject({ level: 0 });
    await eventually(async () => {
      const { items } = await get<Page<{ subject: string }>>("/mailbox?limit=50");
      return items.some(({ subject }) => /escalat/i.test(subject) && subject.includes(String(fast.body.number)));
    }, PATIENCE_MS);
  }, 400_000);
});
