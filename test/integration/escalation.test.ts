/** ticket_escalation on a real database: domain.md §7.4 step by step, sites that share a category, twice, at once. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { escalateDue } from "../../services/escalation/escalation-store.ts";
import type { TicketMailFacts } from "../../services/tickets/mail-facts.ts";
import { availableBackends } from "../support/backends.ts";
import { type Columns, type Facility, openFacility } from "../support/facility.ts";
import { type Sweeps, startSweeps } from "../support/sweeps.ts";

const STORES = availableBackends().filter((name) => name !== "jetstream");
const CREATED = "2026-01-05T10:00:00Z";

describe.each(STORES)("ticket_escalation on %s", (name) => {
  let facility: Facility;
  let sweeps: Sweeps;
  let client: number;
  let site: number;
  let category: number;

  beforeAll(async () => {
    facility = await openFacility(name);
    category = await facility.typeAssist("TICKETCATEGORY", "GENERAL");
  }, 400_000);
  beforeEach(async () => {
    await facility.database.query("truncate task, ticket_history, ticket, escalation_matrix cascade");
    site = await facility.makeSite({ timezone: "Asia/Kolkata" });
    client = await facility.clientOf(site);
    sweeps = await startSweeps(facility);
  });
  afterEach(async () => {
    await facility.backend.reset();
    await sweeps.stop();
  });
  afterAll(() => facility.backend.close());

  async function runAt(instant: string): Promise<number> {
    sweeps.clock.set(instant);
    return (await sweeps.call<{ escalated: number }>("escalation.ticketEscalation")).escalated;
  }
  const ticket = (columns: Columns = {}) =>
    facility.makeTicket(site, { category_id: category, created_at: CREATED, ...columns });
  const matrix = (level: number, value: number, frequency: string, columns: Columns = {}) =>
    facility.makeMatrix({
      client_id: client,
      site_id: site,
      category_id: category,
      level,
      frequency,
      frequency_value: value,
      ...columns,
    });
  const stateOf = (id: number) =>
    facility.one<{ level: number; person: number | null; group: number | null; at: Date | null; status: string }>(
      `select level, assigned_to_person_id as person, assigned_to_group_id as "group", escalated_at as at, status
       from ticket where id = $1`,
      [id],
    );
  const mails = async () => (await sweeps.queued("send_ticket_email")).map(({ params }) => params);

  test("climbs as the worked example says, with history, assignee, mail and event of each level", async () => {
    const [first, person] = [await facility.makePerson(site), await facility.makePerson(site)];
    const group = await facility.makeGroup(site);
    await matrix(1, 30, "MINUTE", { assigned_person_id: person });
    await matrix(2, 2, "HOUR", { assigned_group_id: group });
    await matrix(3, 1, "DAY");
    const id = await ticket({ assigned_to_person_id: first });
    expect(await runAt("2026-01-05T10:15:00Z")).toBe(0);
    expect(await runAt("2026-01-05T10:45:00Z")).toBe(1);
    expect(await stateOf(id)).toMatchObject({ level: 1, person, group: null, status: "NEW" });
    expect((await stateOf(id)).at?.toISOString()).toBe("2026-01-05T10:45:00.000Z");
    expect(await runAt("2026-01-05T11:15:00Z")).toBe(0);
    expect(await runAt("2026-01-05T11:45:00Z")).toBe(0);
    expect(await runAt("2026-01-05T12:15:00Z")).toBe(1);
    expect(await stateOf(id)).toMatchObject({ level: 2, person: null, group });
    expect(await runAt("2026-01-06T09:45:00Z")).toBe(0);
    expect(await runAt("2026-01-06T10:15:00Z")).toBe(1);
    expect(await stateOf(id)).toMatchObject({ level: 3, person: null, group });
    expect(await runAt("2026-02-06T10:15:00Z")).toBe(0);
    expect(await mails()).toEqual([1, 2, 3].map((level) => ({ ticketId: id, event: "escalated", level })));
    const history = await facility.all<{ action: string; previous: object; details: object }>(
      "select action, details, previous_state as previous from ticket_history order by id",
    );
    expect(history.map(({ action, details }) => ({ action, details }))).toMatchObject([
      { action: "escalated", details: { level: 1, text: "Ticket is escalated from level 0 to 1" } },
      { action: "escalated", details: { level: 2, assignedToGroupId: group } },
      { action: "escalated", details: { level: 3 } },
    ]);
    expect(history[0]?.previous).toMatchObject({ level: 0, status: "NEW", assignedToPersonId: first });
    expect(sweeps.told.map(({ event, payload }) => [event, payload.id, payload.siteId, payload.level])).toEqual(
      [1, 2, 3].map((level) => ["ticket.escalated", id, site, level]),
    );
  });

  test("stops where it is resolved, closed or cancelled, and goes on while on hold", async () => {
    await matrix(1, 30, "MINUTE");
    const ids = new Map<string, number>();
    for (const status of ["NEW", "OPEN", "ONHOLD", "RESOLVED", "CLOSED", "CANCELLED"])
      ids.set(status, await ticket({ status }));
    expect(await runAt("2026-01-05T11:00:00Z")).toBe(3);
    for (const [status, id] of ids) {
      const level = ["NEW", "OPEN", "ONHOLD"].includes(status) ? 1 : 0;
      expect(await stateOf(id)).toMatchObject({ level, status });
    }
  });

  test("each site goes by its own row, the others by the client's, another client's not at all", async () => {
    const [own, general] = [await facility.makePerson(site), await facility.makePerson(site)];
    const other = await facility.makeSite({ client_id: client });
    const foreign = await facility.makeSite();
    await matrix(1, 1, "HOUR", { assigned_person_id: own });
    await matrix(1, 2, "HOUR", { site_id: null, assigned_person_id: general });
    await matrix(2, 3, "HOUR", { site_id: null });
    const here = await ticket();
    const there = await facility.makeTicket(other, { category_id: category, created_at: CREATED });
    const abroad = await facility.makeTicket(foreign, { category_id: category, created_at: CREATED });
    expect(await runAt("2026-01-05T11:30:00Z")).toBe(1);
    expect([(await stateOf(here)).person, (await stateOf(there)).level]).toEqual([own, 0]);
    expect(await runAt("2026-01-05T12:30:00Z")).toBe(1);
    expect(await stateOf(there)).toMatchObject({ level: 1, person: general });
    expect(await runAt("2026-01-05T13:30:00Z")).toBe(2);
    expect((await stateOf(here)).level).toBe(2);
    expect((await stateOf(abroad)).level).toBe(0);
  });

  test("a disabled row counts as none, and one for planned maintenance does not touch tickets", async () => {
    const job = await facility.makeJob(site);
    await matrix(1, 1, "MINUTE", { enabled: false });
    await matrix(1, 1, "MINUTE", { category_id: null, job_id: job });
    await ticket();
    expect(await runAt("2026-01-06T10:00:00Z")).toBe(0);
  });

  test("a ticket that waited through an outage climbs one level a run", async () => {
    await matrix(1, 30, "MINUTE");
    await matrix(2, 2, "HOUR");
    const id = await ticket();
    expect(await runAt("2026-01-07T10:00:00Z")).toBe(1);
    expect(await runAt("2026-01-07T10:00:00Z")).toBe(0);
    expect(await runAt("2026-01-07T10:00:20Z")).toBe(0);
    expect((await stateOf(id)).level).toBe(1);
    expect(await runAt("2026-01-07T10:30:00Z")).toBe(1);
    expect((await stateOf(id)).level).toBe(2);
  });

  test("twice at once, over several batches, each ticket climbs one level, with one entry and one mail", async () => {
    await matrix(1, 30, "MINUTE");
    await matrix(2, 31, "MINUTE");
    await facility.database.query(
      `insert into ticket (client_id, site_id, number, description, created_by, category_id, created_at)
       select $1, $2, 'B#' || n, 'x', 'test', $3, $4::timestamptz from generate_series(1, 1200) n`,
      [client, site, category, CREATED],
    );
    sweeps.clock.set("2026-01-05T12:00:00Z");
    const runs = await Promise.all([1, 2].map(() => sweeps.call<{ escalated: number }>("escalation.ticketEscalation")));
    expect(runs.reduce((total, { escalated }) => total + escalated, 0)).toBe(1_200);
    expect(await runAt("2026-01-05T12:00:00Z")).toBe(0);
    expect(await facility.one("select count(*)::int as n, min(level) as min, max(level) as max from ticket")).toEqual({
      n: 1_200,
      min: 1,
      max: 1,
    });
    const told = await mails();
    expect(told).toHaveLength(1_200);
    expect(new Set(told.map(({ ticketId }) => ticketId)).size).toBe(1_200);
    expect(await facility.one("select count(*)::int as n from ticket_history")).toEqual({ n: 1_200 });
  }, 400_000);

  test("a crash before the commit leaves neither level nor history nor mail", async () => {
    await matrix(1, 30, "MINUTE");
    const id = await ticket();
    const killed = facility.database.transaction(async (tx) => {
      expect(await escalateDue(tx, Date.parse("2026-01-05T11:00:00Z"))).toHaveLength(1);
      throw new Error("killed");
    });
    await expect(killed).rejects.toThrow("killed");
    expect((await stateOf(id)).level).toBe(0);
    expect(await facility.all("select 1 from ticket_history")).toEqual([]);
    expect(await runAt("2026-01-05T11:00:00Z")).toBe(1);
    expect(await mails()).toHaveLength(1);
  });

  test("the mail names its level's addresses and the next level, and goes to each involved person once", async () => {
    const person = (who: string, columns: Columns = {}) => facility.makePerson(site, { name: who, ...columns });
    const [author, editor, member] = [await person("Author"), await person("Editor"), await person("Member")];
    const group = await facility.makeGroup(site, { name: "Night shift" });
    for (const personId of [member, author, await person("Gone", { enabled: false })])
      await facility.addMember(group, { personId });
    await matrix(1, 30, "MINUTE", {
      assigned_group_id: group,
      notify: '{"boss@x.example"}',
      body: "Call the lift company",
    });
    await matrix(2, 2, "HOUR");
    const id = await ticket({ created_by_id: author, modified_by_id: editor, comments: "Since Monday" });
    await runAt("2026-01-05T10:45:00Z");
    const facts = await sweeps.call<TicketMailFacts>("tickets.mailFacts", {
      ticketId: id,
      event: "escalated",
      level: 1,
    });
    expect(facts).toMatchObject({
      ticket: { level: 1, category: "General", comments: "Since Monday", createdBy: "Author", modifiedBy: "Editor" },
      assignee: "Night shift",
      escalation: { level: 1, after: "30 MINUTE", body: "Call the lift company" },
      nextEscalation: { level: 2, after: "2 HOUR" },
    });
    expect(facts.recipients.map((recipient) => recipient.name || recipient.address)).toEqual([
      "Author",
      "Editor",
      "Member",
      "boss@x.example",
    ]);
    const created = await sweeps.call<TicketMailFacts>("tickets.mailFacts", { ticketId: id, event: "created" });
    expect(created.recipients.map(({ address }) => address)).not.toContain("boss@x.example");
  });
});
