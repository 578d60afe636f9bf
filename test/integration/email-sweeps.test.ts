/** From the sweep to the mailbox: what auto-close, escalation and reminders send, over real SMTP, once each. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Mail, MailSummary } from "../../services/email/mailbox.ts";
import { sendAutocloseEmail } from "../../services/email/tasks.ts";
import { ticketEscalation } from "../../services/escalation/tasks.ts";
import { autoCloseJobs } from "../../services/jobs/tasks.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type Sweeps, startSweeps } from "../support/sweeps.ts";

const MINUTE_MS = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS).toISOString();

describe.each(availableBackends())("mail of the sweeps on %s", (name) => {
  let facility: Facility;
  let sweeps: Sweeps;
  let folder: string;
  let site: number;

  beforeAll(async () => {
    facility = await openFacility(name);
  }, 400_000);
  beforeEach(async () => {
    await facility.database.query("truncate task, ticket_history, ticket, jobneed, escalation_matrix cascade");
    folder = await mkdtemp(join(tmpdir(), "apium-sweeps-"));
    site = await facility.makeSite({ timezone: "Asia/Kolkata", name: "Bengaluru Campus" });
    sweeps = await startSweeps(facility, {
      queues: ["critical", "email", "default"],
      withMail: true,
      watches: true,
      environment: { DATA_DIR: folder },
    });
  });
  afterEach(async () => {
    await facility.backend.reset();
    await sweeps.stop();
    await rm(folder, { recursive: true, force: true });
  });
  afterAll(() => facility.backend.close());

  async function mailbox(atLeast: number): Promise<Mail[]> {
    const items = await eventually(async () => {
      const listed = await sweeps.call<{ items: MailSummary[] }>("email.mailbox");
      return listed.items.length >= atLeast && listed.items;
    });
    return Promise.all(items.map(({ file }) => sweeps.call<Mail>("email.mail", { file })));
  }
  const settled = () =>
    eventually(async () => (await facility.all("select 1 from task where name <> 'send_reminder_email'")).length === 0);

  test("closed work is told of once, with its ticket where one was raised", async () => {
    const client = await facility.clientOf(site);
    const raises = await facility.typeAssist("NOTIFYCATEGORY", "RAISETICKETNOTIFY");
    const notifies = await facility.typeAssist("NOTIFYCATEGORY", "AUTOCLOSENOTIFY");
    await facility.makePerson(site, { name: "Asha Rao", email: "asha@facility.example", is_admin: true });
    await facility.makeMatrix({ client_id: client, category_id: raises, frequency: "HOUR", frequency_value: 2 });
    const times = { plan_at: "2026-01-05T06:20:00Z", expiry_at: "2026-01-05T07:15:00Z" };
    await facility.makeJobneed(site, { ...times, name: "Guard check", notify_category_id: notifies });
    await facility.makeJobneed(site, {
      ...times,
      name: "Night tour",
      identifier: "INTERNALTOUR",
      notify_category_id: raises,
    });
    const result = await autoCloseJobs.callAndWait(sweeps.runtime, {});
    expect(result).toMatchObject({ closed: 2, partlyCompleted: 0, checkpoints: 0, mails: 1, tickets: 1 });
    const mails = await mailbox(2);
    const bySubject = new Map(mails.map((mail) => [mail.subject, mail]));
    const plain = bySubject.get("AUTOCLOSE TASK planned on 05-Jan-2026 11:50 not reported in time");
    const ticketed = bySubject.get("AUTOCLOSE TOUR planned on 05-Jan-2026 11:50 not reported in time");
    expect(plain?.to).toContain("asha@facility.example");
    for (const part of [plain?.text, plain?.html]) {
      for (const fact of ["Guard check", "Bengaluru Campus", "5 Jan 2026, 12:45 (Asia/Kolkata)", "completion report"])
        expect(part).toContain(fact);
      expect(part).not.toContain("Next escalation");
    }
    const ticket = await facility.one<{ number: string }>("select number from ticket");
    for (const part of [ticketed?.text, ticketed?.html]) {
      for (const fact of [ticket.number, "In 2 hours", "AUTOCLOSED TOUR planned on", "NEW"])
        expect(part).toContain(fact);
    }
    await autoCloseJobs.callAndWait(sweeps.runtime, {});
    await settled();
    expect(await mailbox(2)).toHaveLength(2);
  }, 400_000);

  test("work that was reported before its mail went out is not told of", async () => {
    const id = await facility.makeJobneed(site, { status: "COMPLETED" });
    await facility.makePerson(site, { is_admin: true });
    const result = await sendAutocloseEmail.callAndWait(sweeps.runtime, { jobneedId: id });
    expect(result).toMatchObject({ pointless: "the work was reported after all", accepted: [] });
    const gone = await sendAutocloseEmail.enqueue(sweeps.runtime, { jobneedId: 999_999 });
    await expect(sweeps.runtime.result(gone.id)).rejects.toMatchObject({ message: expect.stringContaining("gone") });
  });

  test("an escalation is told of once for each level, to everybody involved", async () => {
    const category = await facility.typeAssist("TICKETCATEGORY", "GENERAL");
    const client = await facility.clientOf(site);
    const guard = await facility.makePerson(site, { email: "guard@facility.example" });
    await facility.makeMatrix({
      client_id: client,
      category_id: category,
      assigned_person_id: guard,
      notify: '{"boss@facility.example","GUARD@facility.example"}',
    });
    const id = await facility.makeTicket(site, { category_id: category, created_at: ago(45), number: "BLR-01#7" });
    await ticketEscalation.callAndWait(sweeps.runtime, {});
    await ticketEscalation.callAndWait(sweeps.runtime, {});
    const [mail] = await mailbox(1);
    expect(mail?.subject).toBe("Escalation Level 1: Ticket Number BLR-01#7");
    expect(mail?.to).toContain("guard@facility.example");
    expect(mail?.to).toContain("boss@facility.example");
    expect(mail?.to?.match(/guard/gi)).toHaveLength(1);
    expect(mail?.text).toContain("30 minutes");
    await settled();
    expect(await mailbox(1)).toHaveLength(1);
    expect(sweeps.told).toEqual([
      { event: "ticket.escalated", payload: expect.objectContaining({ id, clientId: client, siteId: site, level: 1 }) },
    ]);
    expect(await facility.one("select level from ticket where id = $1", [id])).toEqual({ level: 1 });
  });

  test("a reminder goes out by itself at its instant, and its row says so", async () => {
    const job = await facility.makeJob(site, { identifier: "PPM", name: "Service the generator" });
    const matrix = await facility.makeMatrix({
      client_id: await facility.clientOf(site),
      job_id: job,
      notify: '{"boss@facility.example"}',
    });
    const jobneed = await facility.makeJobneed(site, { job_id: job, identifier: "PPM" });
    const dueAt = Date.now() + 1_500;
    const { id } = await facility.one<{ id: number }>(
      `insert into reminder (client_id, site_id, job_id, jobneed_id, matrix_id, remind_at, plan_at)
       select client_id, site_id, job_id, id, $2, $3::timestamptz, $3::timestamptz + interval '1 day'
       from jobneed where id = $1 returning id`,
      [jobneed, matrix, new Date(dueAt).toISOString()],
    );
    await sweeps.call("escalation.sendReminderEmail");
    const [mail] = await mailbox(1);
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt);
    expect(mail?.subject).toBe("Reminder For Service the generator");
    expect(mail?.to).toContain("boss@facility.example");
    await eventually(
      async () =>
        (await facility.one<{ status: string }>("select status from reminder where id = $1", [id])).status ===
        "SUCCESS",
    );
    await settled();
    expect(await mailbox(1)).toHaveLength(1);
  });

  test("a reminder with nobody to tell is a failure that the next sweep takes up again", async () => {
    const job = await facility.makeJob(site, { identifier: "PPM" });
    const matrix = await facility.makeMatrix({ client_id: await facility.clientOf(site), job_id: job });
    const jobneed = await facility.makeJobneed(site, { job_id: job, identifier: "PPM" });
    await facility.database.query(
      `insert into reminder (client_id, site_id, job_id, jobneed_id, matrix_id, remind_at, plan_at)
       select client_id, site_id, job_id, id, $2, $3::timestamptz, $3::timestamptz + interval '1 day'
       from jobneed where id = $1`,
      [jobneed, matrix, ago(1)],
    );
    const state = () => facility.one<{ status: string; attempts: number }>("select status, attempts from reminder");
    await sweeps.call("escalation.sendReminderEmail");
    // The service looks by itself, too: it may have taken it up again a moment later.
    const failed = await eventually(async () => {
      const now = await state();
      return now.status === "FAILED" && now;
    });
    expect(failed.attempts).toBe(1);
    // That it failed is noted by a task of its own, which may be there before the letter.
    const letter = await eventually(
      async () => (await sweeps.runtime.deadLetters({ name: "send_job_reminder" })).items[0],
    );
    expect(letter.error).toMatchObject({ message: expect.stringContaining("nobody to tell") });
    await sweeps.call("escalation.sendReminderEmail");
    await eventually(async () => (await state()).attempts >= 2);
  });
});
