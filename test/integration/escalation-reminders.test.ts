/** Reminders: taken for their instant, once, by whoever looks; given up when too late; noted when sent. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { ReminderMailFacts } from "../../services/escalation/reminder-store.ts";
import { planReminders, watchReminders } from "../../services/escalation/reminders.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Columns, type Facility, openFacility } from "../support/facility.ts";
import { type Sweeps, startSweeps } from "../support/sweeps.ts";

const STORES = availableBackends().filter((name) => name !== "jetstream");
const NOW = "2026-01-05T08:10:00Z";

describe.each(STORES)("reminders on %s", (name) => {
  let facility: Facility;
  let sweeps: Sweeps;
  let site: number;
  let job: number;
  let matrix: number;

  beforeAll(async () => {
    facility = await openFacility(name);
  }, 400_000);
  beforeEach(async () => {
    await facility.database.query("truncate task, reminder, jobneed, escalation_matrix cascade");
    site = await facility.makeSite({ timezone: "Asia/Kolkata" });
    job = await facility.makeJob(site, { identifier: "PPM", name: "Service the generator" });
    matrix = await facility.makeMatrix({
      client_id: await facility.clientOf(site),
      job_id: job,
      notify: '{"boss@x.example"}',
    });
    sweeps = await startSweeps(facility);
    sweeps.clock.set(NOW);
  });
  afterEach(async () => {
    await facility.backend.reset();
    await sweeps.stop();
  });
  afterAll(() => facility.backend.close());

  async function reminder(remindAt: string, planAt: string, columns: Columns = {}, work: Columns = {}) {
    const jobneed = await facility.makeJobneed(site, { job_id: job, identifier: "PPM", plan_at: planAt, ...work });
    return (
      await facility.one<{ id: number }>(
        `insert into reminder (client_id, site_id, job_id, jobneed_id, matrix_id, remind_at, plan_at, status, attempts)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
        [
          await facility.clientOf(site),
          site,
          job,
          jobneed,
          matrix,
          remindAt,
          planAt,
          columns.status ?? "PENDING",
          columns.attempts ?? 0,
        ],
      )
    ).id;
  }
  const sweep = () => sweeps.call<{ planned: number; missed: number }>("escalation.sendReminderEmail");
  const mails = () => sweeps.queued("send_job_reminder");
  const statusOf = async (id: number) =>
    facility.one<{ status: string; attempts: number; sent: boolean }>(
      "select status, attempts, sent_at is not null as sent from reminder where id = $1",
      [id],
    );

  test("each is enqueued for its own instant, what is due already at once, what is far off later", async () => {
    const overdue = await reminder("2026-01-05T07:00:00Z", "2026-01-05T20:00:00Z");
    const soon = await reminder("2026-01-05T09:01:00Z", "2026-01-05T20:00:00Z");
    const far = await reminder("2026-01-05T17:11:00Z", "2026-01-06T20:00:00Z");
    const tooLate = await reminder("2026-01-05T07:00:00Z", NOW);
    expect(await sweep()).toEqual({ planned: 2, missed: 1 });
    expect(await mails()).toEqual(
      expect.arrayContaining([
        { params: { reminderId: overdue }, dueAt: null },
        { params: { reminderId: soon }, dueAt: "2026-01-05T09:01:00Z" },
      ]),
    );
    expect(await statusOf(far)).toMatchObject({ status: "PENDING" });
    expect(await statusOf(tooLate)).toMatchObject({ status: "MISSED" });
    expect(await sweep()).toEqual({ planned: 0, missed: 0 });
    expect(await mails()).toHaveLength(2);
  });

  test("a failed one is tried again four times, and not once its time has passed", async () => {
    const again = await reminder("2026-01-05T07:00:00Z", "2026-01-05T20:00:00Z", { status: "FAILED", attempts: 4 });
    const spent = await reminder("2026-01-05T07:00:00Z", "2026-01-05T20:00:00Z", { status: "FAILED", attempts: 5 });
    expect(await sweep()).toEqual({ planned: 1, missed: 0 });
    await sweeps.call("escalation.noteReminder", { reminderId: again, outcome: "FAILED" });
    await sweeps.call("escalation.noteReminder", { reminderId: again, outcome: "FAILED" });
    expect(await statusOf(again)).toEqual({ status: "FAILED", attempts: 5, sent: false });
    expect(await sweep()).toEqual({ planned: 0, missed: 0 });
    sweeps.clock.set("2026-01-05T20:00:00Z");
    expect(await sweep()).toEqual({ planned: 0, missed: 2 });
    expect(await statusOf(spent)).toMatchObject({ status: "MISSED" });
  });

  test("many looks at once enqueue each once, over several batches", async () => {
    const jobneed = await facility.makeJobneed(site, { job_id: job });
    await facility.database.query(
      `with needs as (
         insert into jobneed (client_id, site_id, name, job_id) select client_id, site_id, 'n', job_id
         from jobneed, generate_series(1, 1200) where id = $1 returning id, client_id)
       insert into reminder (client_id, site_id, job_id, jobneed_id, matrix_id, remind_at, plan_at)
       select client_id, $2, $3, id, $4, '2026-01-05T09:00:00Z', '2026-01-05T20:00:00Z' from needs`,
      [jobneed, site, job, matrix],
    );
    const looks = await Promise.all([sweep(), planReminders(sweeps.parts), planReminders(sweeps.parts)]);
    expect(looks.reduce((total, { planned }) => total + planned, 0)).toBe(1_200);
    expect(new Set((await mails()).map(({ params }) => params.reminderId)).size).toBe(1_200);
  });

  test("that are made while the service runs are taken without any sweep", async () => {
    const stop = watchReminders(sweeps.parts);
    await stop();
    const id = await reminder("2026-01-05T08:40:00Z", "2026-01-05T20:00:00Z");
    const stopAgain = watchReminders(sweeps.parts);
    await eventually(async () => (await statusOf(id)).status === "QUEUED");
    await stopAgain();
    expect(await mails()).toEqual([{ params: { reminderId: id }, dueAt: "2026-01-05T08:40:00Z" }]);
  });

  test("the mail has the facts, its people once, and says when it is pointless", async () => {
    const guard = await facility.makePerson(site, { name: "Guard" });
    const group = await facility.makeGroup(site);
    const member = await facility.makePerson(site, { name: "Member" });
    for (const personId of [guard, member]) await facility.addMember(group, { personId });
    await facility.makePerson(site, { name: "Planner", login_id: `planner-${name}` });
    await facility.database.query("update job set created_by = $2 where id = $1", [job, `planner-${name}`]);
    const id = await reminder(
      NOW,
      "2026-01-05T20:00:00Z",
      { status: "QUEUED" },
      { person_id: guard, people_group_id: group },
    );
    const ask = () =>
      sweeps.call<ReminderMailFacts & { pointless: string | null }>("escalation.reminderMailFacts", {
        reminderId: id,
      });
    const facts = await ask();
    expect(facts).toMatchObject({
      reminder: { planAt: "2026-01-05T20:00:00.000Z" },
      job: { name: "Service the generator", createdBy: "Planner" },
      work: { assignedTo: "Guard" },
      site: { timezone: "Asia/Kolkata" },
      pointless: null,
    });
    expect(facts.recipients.map((one) => one.name || one.address)).toEqual([
      "Guard",
      "Member",
      "Planner",
      "boss@x.example",
    ]);
    await facility.database.query("update jobneed set status = 'COMPLETED' where id = $1", [facts.work.id]);
    expect((await ask()).pointless).toBe("the work is COMPLETED");
    await sweeps.call("escalation.noteReminder", { reminderId: id, outcome: "SUCCESS" });
    expect(await statusOf(id)).toEqual({ status: "SUCCESS", attempts: 0, sent: true });
    await sweeps.call("escalation.noteReminder", { reminderId: id, outcome: "FAILED" });
    expect(await statusOf(id)).toMatchObject({ status: "SUCCESS" });
    await facility.database.query("delete from jobneed where id = $1", [facts.work.id]);
    await expect(ask()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
