/** auto_close_jobs on a real database: domain.md §7.3, once, twice, at once, and interrupted. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { AutoCloseResult } from "../../services/jobs/auto-close-tasks.ts";
import type { CloseMailFacts } from "../../services/jobs/close-mail-facts.ts";
import { raiseTicket } from "../../services/tickets/raise-ticket.ts";
import { availableBackends } from "../support/backends.ts";
import { type Columns, type Facility, openFacility } from "../support/facility.ts";
import { type Sweeps, startSweeps } from "../support/sweeps.ts";

const NOW = "2026-01-05T12:00:00Z";
const LATE = "2026-01-05T11:00:00Z";
const STORES = availableBackends().filter((name) => name !== "jetstream");

describe.each(STORES)("auto_close_jobs on %s", (name) => {
  let facility: Facility;
  let sweeps: Sweeps;
  let site: number;
  let mails: number;
  let tickets: number;

  beforeAll(async () => {
    facility = await openFacility(name);
    mails = await facility.typeAssist("NOTIFYCATEGORY", "AUTOCLOSENOTIFY");
    tickets = await facility.typeAssist("NOTIFYCATEGORY", "RAISETICKETNOTIFY");
  }, 400_000);
  beforeEach(async () => {
    await facility.database.query("truncate task, ticket_history, ticket, jobneed cascade");
    site = await facility.makeSite({ timezone: "Asia/Kolkata", code: "BLR-01" });
    sweeps = await startSweeps(facility);
    sweeps.clock.set(NOW);
  });
  afterEach(async () => {
    await facility.backend.reset();
    await sweeps.stop();
  });
  afterAll(() => facility.backend.close());

  const run = () => sweeps.call<AutoCloseResult>("jobs.autoCloseJobs");
  const raise = (jobneedId: number) =>
    sweeps.call<{ ticketId: number | null; number: string | null }>("tickets.raiseAutocloseTicket", { jobneedId });
  const overdue = (columns: Columns = {}) =>
    facility.makeJobneed(site, { plan_at: "2026-01-05T06:20:00Z", expiry_at: LATE, ...columns });

  async function tour(statuses: readonly string[], columns: Columns = {}): Promise<number> {
    const parent = await overdue({ identifier: "INTERNALTOUR", status: "INPROGRESS", ...columns });
    for (const [seqno, status] of statuses.entries()) {
      await overdue({ identifier: "INTERNALTOUR", parent_id: parent, seqno, status });
    }
    return parent;
  }
  async function statusOf(id: number): Promise<string> {
    return (await facility.one<{ status: string }>("select status from jobneed where id = $1", [id])).status;
  }
  async function checkpointsOf(parent: number): Promise<string[]> {
    const rows = await facility.all<{ status: string }>(
      "select status from jobneed where parent_id = $1 order by seqno",
      [parent],
    );
    return rows.map(({ status }) => status);
  }

  test("closes each kind of work as its state and its category ask", async () => {
    const notified = await overdue({ notify_category_id: mails });
    const ticketed = await overdue({ notify_category_id: tickets });
    const silent = await overdue({ status: "INPROGRESS", identifier: "SITEREPORT" });
    const partly = await tour(["COMPLETED", "COMPLETED", "ASSIGNED", "INPROGRESS", "ASSIGNED"]);
    const untouched = await tour(["ASSIGNED", "ASSIGNED"], { notify_category_id: mails });
    const done = await tour(["COMPLETED", "COMPLETED"], { notify_category_id: tickets });
    expect(await run()).toMatchObject({
      closed: 4,
      partlyCompleted: 1,
      completed: 1,
      checkpoints: 4,
      mails: 2,
      tickets: 1,
      left: 0,
    });
    for (const id of [notified, ticketed, silent, untouched]) expect(await statusOf(id)).toBe("AUTOCLOSED");
    expect(await statusOf(partly)).toBe("PARTIALLYCOMPLETED");
    expect(await checkpointsOf(partly)).toEqual(["COMPLETED", "COMPLETED", "AUTOCLOSED", "INPROGRESS", "AUTOCLOSED"]);
    expect(await checkpointsOf(untouched)).toEqual(["AUTOCLOSED", "AUTOCLOSED"]);
    expect(await statusOf(done)).toBe("COMPLETED");
    const mailed = (await sweeps.queued("send_autoclose_email")).map(({ params }) => params);
    expect(mailed).toEqual(expect.arrayContaining([{ jobneedId: notified }, { jobneedId: untouched }]));
    expect(mailed).toHaveLength(2);
    expect((await sweeps.queued("raise_autoclose_ticket")).map(({ params }) => params)).toEqual([
      { jobneedId: ticketed },
    ]);
    const row = await facility.one<{ details: object; at: Date }>(
      "select details, closed_by_server_at as at from jobneed where id = $1",
      [notified],
    );
    expect(row.details).toMatchObject({ autoclosed_by_server: true, email_sent: true, ticket_generated: false });
    expect(row.at.toISOString()).toBe(new Date(NOW).toISOString());
    expect(sweeps.told).toEqual([
      { event: "jobneed.autoclosed", payload: expect.objectContaining({ siteId: site, count: 6 }) },
    ]);
  });

  test("takes what expired long ago, and leaves everything that is not its own", async () => {
    const old = await overdue({ expiry_at: "2025-03-01T00:00:00Z", plan_at: "2025-02-28T00:00:00Z" });
    const left = [
      await overdue({ expiry_at: "2026-01-05T12:00:00Z" }),
      await overdue({ is_dynamic: true, identifier: "INTERNALTOUR", expiry_at: null, plan_at: null }),
      await overdue({ is_dynamic: true, identifier: "INTERNALTOUR" }),
      await overdue({ identifier: "TICKET" }),
      await overdue({ identifier: "INCIDENTREPORT" }),
      await overdue({ identifier: "POSTING_ORDER" }),
      await overdue({ expiry_at: null }),
    ];
    const finished = await overdue({ status: "COMPLETED" });
    const paused = [];
    for (const status of ["WORKING", "STANDBY", "MAINTENANCE"]) paused.push(await overdue({ status }));
    expect(await run()).toMatchObject({ closed: 4 });
    for (const id of [old, ...paused]) expect(await statusOf(id)).toBe("AUTOCLOSED");
    for (const id of left) expect(await statusOf(id)).toBe("ASSIGNED");
    expect(await statusOf(finished)).toBe("COMPLETED");
  });

  test("a second run, and two at once, change nothing more", async () => {
    for (let n = 0; n < 40; n++) await overdue({ notify_category_id: n % 2 === 0 ? mails : tickets });
    const [one, other] = await Promise.all([run(), run()]);
    expect([one.closed + other.closed, one.mails + other.mails, one.tickets + other.tickets]).toEqual([40, 20, 20]);
    expect(await run()).toMatchObject({ closed: 0, mails: 0, tickets: 0 });
    expect(await sweeps.queued("send_autoclose_email")).toHaveLength(20);
    expect(await sweeps.queued("raise_autoclose_ticket")).toHaveLength(20);
  });

  test("comes through more than a batch, also past work that is not closed", async () => {
    await facility.database.query(
      `insert into jobneed (client_id, site_id, name, expiry_at, identifier)
       select (select client_id from site where id = $1), $1, 'n' || n, $2::timestamptz - n * interval '1 second',
              case when n % 5 = 0 then 'OTHER' else 'TASK' end
       from generate_series(1, 2000) n`,
      [site, LATE],
    );
    expect(await run()).toMatchObject({ closed: 1_600 });
    expect(await run()).toMatchObject({ closed: 0 });
  });

  test("a crash in the middle leaves what was closed with its mail, and the rest for the next run", async () => {
    for (let n = 0; n < 3; n++) await overdue({ notify_category_id: mails });
    const { database } = facility;
    await expect(
      database.transaction(async (tx) => {
        const { closeOverdue, FROM_THE_START } = await import("../../services/jobs/auto-close-store.ts");
        expect((await closeOverdue(tx, Date.parse(NOW), FROM_THE_START)).closed).toHaveLength(3);
        throw new Error("killed");
      }),
    ).rejects.toThrow("killed");
    expect(await sweeps.queued("send_autoclose_email")).toHaveLength(0);
    expect(await run()).toMatchObject({ closed: 3, mails: 3 });
  });

  test("a ticket is raised once for the work it is about, with its history, number and mail", async () => {
    const person = await facility.makePerson(site);
    const asset = await facility.makeAsset(site);
    const closed = await overdue({
      notify_category_id: tickets,
      identifier: "EXTERNALTOUR",
      priority: "HIGH",
      person_id: person,
      asset_id: asset,
    });
    await run();
    const first = await raise(closed);
    expect(await Promise.all([raise(closed), raise(closed)])).toEqual([first, first]);
    const ticket = await facility.one<Record<string, unknown>>(
      `select number, description, priority, status, level, source, jobneed_id, assigned_to_person_id, asset_id,
              category_id, client_id, created_by from ticket`,
    );
    expect(ticket).toEqual({
      number: "BLR-01#1",
      description: "AUTOCLOSED TOUR planned on 05-Jan-2026 11:50 not reported in time",
      priority: "HIGH",
      status: "NEW",
      level: 0,
      source: "SYSTEMGENERATED",
      jobneed_id: closed,
      assigned_to_person_id: person,
      asset_id: asset,
      category_id: tickets,
      client_id: await facility.clientOf(site),
      created_by: "auto-close",
    });
    expect(await facility.all("select action, actor from ticket_history")).toEqual([
      { action: "created", actor: "auto-close" },
    ]);
    expect((await sweeps.queued("send_autoclose_email")).map(({ params }) => params)).toEqual([
      { jobneedId: closed, ticketId: first.ticketId },
    ]);
    expect(sweeps.told.filter(({ event }) => event === "ticket.created")).toHaveLength(1);
  });

  test("no ticket is raised for work that was reported after all, and none is left of one that did not commit", async () => {
    const closed = await overdue({ notify_category_id: tickets });
    await run();
    const failing = facility.database.transaction(async (tx) => {
      await raiseTicket(tx, closed, Date.parse(NOW));
      throw new Error("killed");
    });
    await expect(failing).rejects.toThrow("killed");
    expect(await facility.all("select 1 from ticket")).toEqual([]);
    expect(await facility.all("select 1 from ticket_counter where site_id = $1", [site])).toEqual([]);
    await facility.database.query("update jobneed set status = 'COMPLETED' where id = $1", [closed]);
    expect(await raise(closed)).toEqual({ ticketId: null, number: null });
    expect(await raise(999_999)).toEqual({ ticketId: null, number: null });
  });

  test("the mail is for who is in charge of the site, and for the client's admins and those who want alerts", async () => {
    const [siteIncharge, client] = [
      await facility.typeAssist("DESIGNATION", "SITEINCHARGE"),
      await facility.clientOf(site),
    ];
    const elsewhere = await facility.makeSite({ client_id: client });
    const group = await facility.makeGroup(site, { kind: "SITEGROUP" });
    await facility.addMember(group, { siteId: site });
    const inCharge = { designation_id: siteIncharge };
    await facility.makePerson(site, { name: "In charge", ...inCharge });
    await facility.makePerson(site, { name: "By worktype", worktype_id: siteIncharge });
    await facility.makePerson(elsewhere, { name: "In charge elsewhere", ...inCharge });
    const far = await facility.makePerson(elsewhere, { name: "In charge by group", ...inCharge });
    await facility.database.query("insert into person_site_group (person_id, group_id) values ($1, $2)", [far, group]);
    await facility.makePerson(elsewhere, { name: "Admin", is_admin: true });
    await facility.makePerson(elsewhere, { name: "Wants alerts", gets_alert_mails: true });
    await facility.makePerson(site, { name: "Not verified", ...inCharge, is_verified: false });
    await facility.makePerson(site, { name: "Disabled", is_admin: true, enabled: false });
    await facility.makePerson(await facility.makeSite(), { name: "Another client's admin", is_admin: true });
    const guard = await facility.makePerson(site, { name: "Guard" });
    const job = await facility.makeJob(site, { created_by: "olga" });
    const closed = await overdue({ notify_category_id: tickets, person_id: guard, job_id: job, name: "Hourly check" });
    await run();
    const { ticketId } = await raise(closed);
    await facility.makeMatrix({ client_id: client, category_id: tickets, frequency: "HOUR", frequency_value: 2 });
    const facts = await sweeps.call<CloseMailFacts>("jobs.closeMailFacts", { jobneedId: closed, ticketId });
    expect(facts.recipients.map((recipient) => recipient.name)).toEqual([
      "In charge",
      "By worktype",
      "In charge by group",
      "Admin",
      "Wants alerts",
    ]);
    expect(facts).toMatchObject({
      work: { name: "Hourly check", status: "AUTOCLOSED", createdBy: "olga", assignedTo: "Guard [PEOPLE]" },
      site: { timezone: "Asia/Kolkata" },
      ticket: { number: "BLR-01#1", nextEscalation: "2 HOUR", status: "NEW", assignedTo: "Guard" },
    });
    await expect(sweeps.call("jobs.closeMailFacts", { jobneedId: 999_999 })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(sweeps.call("jobs.closeMailFacts", { jobneedId: "x" })).rejects.toMatchObject({
      fields: [{ field: "jobneedId" }],
    });
  });
});
