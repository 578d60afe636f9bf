/** Reports of every period of a schedule, once each, over a change of the clocks, with workers that are down for days. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { emailModule } from "../../services/email/index.ts";
import type { Mail, MailSummary } from "../../services/email/mailbox.ts";
import { sendReportEmail } from "../../services/email/tasks.ts";
import { reportsModule } from "../../services/reports/index.ts";
import {
  createScheduledReports,
  generateMonthlyReport,
  sendGeneratedReportOnMail,
} from "../../services/reports/tasks.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type RunningServices, startServices } from "../support/services.ts";
import { SetClock } from "../support/sweeps.ts";

const HOUR_MS = 3_600_000;

interface Run {
  readonly id: number;
  readonly state: string;
  readonly isLate: boolean;
  readonly periodFrom: string;
  readonly periodUpto: string;
}
describe.each(availableBackends().filter((name) => name !== "jetstream"))("scheduled reports on %s", (backend) => {
  let facility: Facility;
  let services: RunningServices;
  let clock: SetClock;
  let folder: string;
  let site: number;
  let client: number;

  beforeAll(async () => {
    facility = await openFacility(backend);
  }, 400_000);
  beforeEach(async () => {
    await facility.database.query("truncate task, report_schedule, report_run, report_delivery, jobneed cascade");
    folder = await mkdtemp(join(tmpdir(), "apium-reports-"));
    clock = new SetClock();
    site = await facility.makeSite({ timezone: "Europe/London", name: "London Canary Wharf" });
    client = await facility.clientOf(site);
    services = await startServices(facility.backend, {
      modules: [reportsModule, emailModule],
      environment: { DATA_DIR: folder },
      runtime: { parts: { clock } },
    });
  }, 400_000);
  afterEach(async () => {
    await facility.backend.reset();
    await services.stop();
    await rm(folder, { recursive: true, force: true });
  }, 400_000);
  afterAll(() => facility.backend.close());

  const call = <Result>(action: string, params: object) =>
    services.call<Result>(`reports.${action}`, params, { user: { name: "olga", role: "admin", clientId: client } });
  const schedule = (more: object = {}) =>
    call<{ id: number; nextRunAt: string }>("createSchedule", {
      ...{ siteId: site, name: "Daily tasks", report: "TASKSUMMARY", format: "csv", params: { siteIds: [site] } },
      ...{ cron: "0 0 * * *", sendAt: "09:30", to: ["manager@facility.example"] },
      ...more,
    });
  const tick = async (instant: string | number) => {
    clock.set(new Date(instant).toISOString());
    await createScheduledReports.callAndWait(services.runtime, {});
  };
  const settled = () =>
    eventually(async () => {
      const left = await facility.all(
        "select t.name, t.state, t.due_at, (select json_agg(a.error) from task_attempt a where a.task_id = t.id) as errors from task t",
      );
      if (left.length > 0) throw new Error(`still there: ${JSON.stringify(left)}`);
      return true;
    }, 120_000);
  /** Whatever waits for an hour up to this has gone out. */
  const settledAt = async (instant: string | number) => {
    clock.set(new Date(instant).toISOString());
    await settled();
  };
  const runs = async () => (await call<{ items: Run[] }>("list", { limit: 500 })).items.toReversed();
  const deliveries = () =>
    facility.all<{ state: string; is_late: boolean; due_at: Date; run_id: number }>(
      "select run_id, state, is_late, due_at from report_delivery order by due_at",
    );
  const mails = async (): Promise<Mail[]> => {
    const { items } = await services.call<{ items: MailSummary[] }>("email.mailbox", { limit: 200 });
    return Promise.all(items.map(({ file }) => services.call<Mail>("email.mail", { file })));
  };
  /** A task of the site, planned at this instant. */
  const work = (plan_at: string) =>
    facility.makeJobneed(site, { plan_at, expiry_at: plan_at, status: "COMPLETED", scheduled_at: plan_at });

  test("a month over a change of the clocks, with three days in which nothing ran: each period once, late ones marked", async () => {
    clock.set("2026-03-09T12:00:00Z");
    const { nextRunAt } = await schedule();
    expect(nextRunAt).toBe("2026-03-10T00:00:00.000Z");
    for (let day = 9; day <= 31; day += 1) await work(`2026-03-${String(day).padStart(2, "0")}T10:00:00Z`);
    for (let day = 10; day <= 31; day += 1) {
      // The workers are down from the 27th to the 30th; the clocks go forward on the 29th.
      if (day >= 27 && day <= 29) continue;
      const midnight = day >= 30 ? Date.UTC(2026, 2, day) - HOUR_MS : Date.UTC(2026, 2, day);
      await tick(midnight + (day === 30 ? 15 * HOUR_MS : 7 * 60_000));
      await tick(midnight + (day === 30 ? 15.25 * HOUR_MS : 22 * 60_000));
      await settledAt(midnight + (day === 30 ? 15.5 : 9.52) * HOUR_MS);
    }
    const made = await runs();
    expect(made).toHaveLength(22);
    for (const [index, run] of made.entries()) {
      expect(run.state).toBe("READY");
      const length = (Date.parse(run.periodUpto) - Date.parse(run.periodFrom)) / HOUR_MS;
      expect(length).toBe(run.periodFrom === "2026-03-29T00:00:00.000Z" ? 23 : 24);
      if (index > 0) expect(run.periodFrom).toBe(made[index - 1]?.periodUpto);
    }
    const late = made.filter(({ isLate }) => isLate).map(({ periodUpto }) => periodUpto.slice(0, 10));
    expect(late).toEqual(["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-29"]);
    const sent = await deliveries();
    expect(sent).toHaveLength(22);
    expect(sent.every(({ state }) => state === "SENT")).toBe(true);
    expect(sent.filter(({ is_late }) => is_late)).toHaveLength(4);
    expect(sent.map(({ due_at }) => due_at.toISOString()).slice(0, 2)).toEqual([
      "2026-03-10T09:30:00.000Z",
      "2026-03-11T09:30:00.000Z",
    ]);
    expect(sent.at(-1)?.due_at.toISOString()).toBe("2026-03-31T08:30:00.000Z");
    const arrived = await mails();
    expect(arrived).toHaveLength(22);
    expect(new Set(arrived.map(({ subject }) => subject)).size).toBe(22);
    expect(arrived.filter(({ text }) => text?.includes("is late"))).toHaveLength(4);
    for (const { to } of arrived) expect(to).toContain("manager@facility.example");
  }, 400_000);

  test("ordered from many sides at once, a period has one run and one mail", async () => {
    clock.set("2026-01-04T18:00:00Z");
    const { id } = await schedule();
    await work("2026-01-04T10:00:00Z");
    clock.set("2026-01-05T00:07:00Z");
    await Promise.all([
      ...Array.from({ length: 4 }, () => createScheduledReports.callAndWait(services.runtime, {})),
      ...Array.from({ length: 4 }, () => call("runSchedule", { id })),
    ]);
    await settledAt("2026-01-05T09:30:00Z");
    await sendGeneratedReportOnMail.callAndWait(services.runtime, {});
    clock.set("2026-01-05T12:00:00Z");
    await sendGeneratedReportOnMail.callAndWait(services.runtime, {});
    await settled();
    expect(await runs()).toHaveLength(1);
    expect(await mails()).toHaveLength(1);
  }, 400_000);

  test("a mail is enqueued for its local hour; one whose task was revoked is sent by the sweep", async () => {
    clock.set("2030-01-04T18:00:00Z");
    await schedule();
    await work("2030-01-04T10:00:00Z");
    await tick("2030-01-05T00:07:00Z");
    const task = await eventually(
      async () =>
        (
          await facility.all<{ id: string; due_at: Date }>(
            "select id, due_at from task where name = 'send_report_email'",
          )
        )[0],
    );
    expect(task.due_at.toISOString()).toBe("2030-01-05T09:30:00.000Z");
    expect(await mails()).toEqual([]);
    await services.runtime.revoke(task.id);
    await settledAt("2030-01-05T10:00:00Z");
    await sendGeneratedReportOnMail.callAndWait(services.runtime, {});
    await settled();
    const [mail] = await mails();
    expect(mail?.subject).toBe("Task Summary – 4 Jan 2030");
    expect((await deliveries()).map(({ state }) => state)).toEqual(["SENT"]);
  }, 400_000);

  test("no data is written down and told, and the next period is made all the same", async () => {
    clock.set("2026-01-04T18:00:00Z");
    await schedule();
    await schedule({ name: "Quiet", tellsEmpty: false, to: ["quiet@facility.example"] });
    await tick("2026-01-05T00:07:00Z");
    await settledAt("2026-01-05T09:31:00Z");
    await tick("2026-01-06T00:07:00Z");
    await settledAt("2026-01-06T09:31:00Z");
    expect((await runs()).map(({ state }) => state)).toEqual(["NO_DATA", "NO_DATA", "NO_DATA", "NO_DATA"]);
    const arrived = await mails();
    expect(arrived.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/no data/),
      expect.stringMatching(/no data/),
    ]);
    expect((await deliveries()).map(({ state }) => state).sort()).toEqual(["SENT", "SENT", "SKIPPED", "SKIPPED"]);
  }, 400_000);

  test("people who are gone get nothing; those of another client never do", async () => {
    const stays = await facility.makePerson(site, { email: "stays@facility.example" });
    const gone = await facility.makePerson(site, { email: "gone@facility.example" });
    const stranger = await facility.makePerson(await facility.makeSite());
    clock.set("2026-01-04T18:00:00Z");
    await expect(schedule({ toPersonIds: [stranger] })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    await schedule({ to: [], toPersonIds: [stays, gone], cc: ["copy@facility.example"] });
    await work("2026-01-04T10:00:00Z");
    await facility.database.query("update person set enabled = false where id = $1", [gone]);
    await tick("2026-01-05T00:07:00Z");
    await settledAt("2026-01-05T09:31:00Z");
    const [mail] = await mails();
    const whole = await readFile(join(folder, "mail", mail?.file ?? ""), "utf8");
    expect(whole).toContain("stays@facility.example");
    expect(whole).toContain("copy@facility.example");
    expect(whole).not.toContain("gone@facility.example");
  }, 400_000);

  test.each([
    ["report", { report: "NOTHING" }],
    ["format", { report: "RP_SITEVISITREPORT", format: "pdf" }],
    ["cron", { cron: "61 * * * *" }],
    ["cron", { cron: "*/5 * * * *" }],
    ["cron", { cron: "0 0 1 1,7 *" }],
    ["to", { to: [] }],
    ["to.0", { to: ["not an address"] }],
    ["sendAt", { sendAt: "25:00" }],
    ["timezone", { timezone: "Europe/Munich" }],
    ["params.siteIds", { params: { siteIds: [999_999_999] } }],
    ["params.siteIds", { params: {} }],
    ["params.colour", { params: { siteIds: "all", colour: "red" } }],
    ["validTo", { validFrom: "2026-02-01T00:00:00Z", validTo: "2026-01-01T00:00:00Z" }],
  ])("a schedule with a wrong %s is refused with that field", async (field, more) => {
    clock.set("2026-01-04T18:00:00Z");
    await expect(schedule(more)).rejects.toMatchObject({
      code: "PARAMS_INVALID",
      data: { fields: expect.arrayContaining([expect.objectContaining({ field: expect.stringContaining(field) })]) },
    });
  });

  test("a change never orders anything, and looks for the next slot from now on", async () => {
    clock.set("2026-01-04T18:00:00Z");
    const { id } = await schedule();
    clock.set("2026-01-10T12:00:00Z");
    const changed = await call<{ nextRunAt: string }>("changeSchedule", { id, cron: "0 6 * * *" });
    expect(changed.nextRunAt).toBe("2026-01-11T06:00:00.000Z");
    expect(await runs()).toEqual([]);
    const { items } = await call<{ items: object[] }>("nextOfSchedule", { id, n: 1 });
    expect(items).toEqual([
      {
        madeAt: "2026-01-11T06:00:00.000Z",
        dueAt: "2026-01-11T09:30:00.000Z",
        periodFrom: "2026-01-10T06:00:00.000Z",
        periodUpto: "2026-01-11T06:00:00.000Z",
      },
    ]);
    await call("changeSchedule", { id, enabled: false });
    await tick("2026-02-01T00:00:00Z");
    expect(await runs()).toEqual([]);
  });

  test("a monthly report is made once for a person and told; a month that is not over is refused", async () => {
    const reader = await facility.makePerson(site, { email: "reader@facility.example", name: "Rita Reader" });
    await work("2026-03-15T10:00:00Z");
    clock.set("2026-04-02T08:00:00Z");
    const asked = { month: 3, year: 2026, userId: reader };
    const first = await generateMonthlyReport.callAndWait(services.runtime, asked);
    const again = await generateMonthlyReport.callAndWait(services.runtime, asked);
    expect(again).toEqual(first);
    await settled();
    const [mail, ...others] = await mails();
    expect(others).toEqual([]);
    expect(mail?.to).toContain("reader@facility.example");
    expect(mail?.subject).toMatch(/Monthly Summary/);
    await expect(
      generateMonthlyReport.callAndWait(services.runtime, { ...asked, month: 4 }, { maxRetries: 0 }),
    ).rejects.toMatchObject({ code: "TASK_FAILED" });
  }, 400_000);

  test("the mail task of a delivery that has gone out sends nothing more", async () => {
    clock.set("2026-01-04T18:00:00Z");
    await schedule();
    await work("2026-01-04T10:00:00Z");
    await tick("2026-01-05T00:07:00Z");
    await settledAt("2026-01-05T09:31:00Z");
    const { id } = await facility.one<{ id: number }>("select id::integer as id from report_delivery");
    await sendReportEmail.callAndWait(services.runtime, { deliveryId: id });
    await settled();
    expect(await mails()).toHaveLength(1);
    expect((await deliveries())[0]?.state).toBe("SENT");
  }, 400_000);
});
