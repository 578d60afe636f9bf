/** The reports about work and tickets, against figures counted by hand: over zones, over a change of the clocks, of one client. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { reportNamed } from "../../services/reports/catalogue/index.ts";
import type { ReportDefinition } from "../../services/reports/definition.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { insertRow, readReport, titlesOf } from "../support/report-documents.ts";

const report = (key: string) => reportNamed(key) as ReportDefinition;
const SUMMARIES = ["TASKSUMMARY", "TOURSUMMARY", "PPMSUMMARY", "ASSETWISETASKSTATUS", "MONTHLYSUMMARY"];
const LISTS = ["LISTOFTASKS", "LISTOFTOURS", "STATICTOURLIST", "DYNAMICTOURLIST", "LISTOFTICKETS"];
const TOURS = ["STATICDETAILEDTOURSUMMARY", "DYNAMICDETAILEDTOURSUMMARY", "STATICTOURDETAILS", "DYNAMICTOURDETAILS"];

describe.each(availableBackends().filter((name) => name !== "jetstream"))("reports about work on %s", (backend) => {
  let facility: Facility;
  let client: number;
  let london: number;
  let kolkata: number;
  const period = { from: "2026-03-28T00:00:00Z", upto: "2026-03-31T00:00:00Z" };

  beforeAll(async () => {
    facility = await openFacility(backend);
    london = await facility.makeSite({ timezone: "Europe/London", name: "London" });
    client = await facility.clientOf(london);
    kolkata = await facility.makeSite({ client_id: client, timezone: "Asia/Kolkata", name: "Kolkata" });
    const task = (site: number, plan_at: string, status: string, more = {}) =>
      facility.makeJobneed(site, {
        plan_at,
        expiry_at: plan_at,
        scheduled_at: plan_at,
        status,
        name: "Round",
        ...more,
      });
    // The clocks of London go forward on the 29th at 01:00Z: 23:30Z of the 29th is the 30th there.
    await task(london, "2026-03-28T23:59:00Z", "COMPLETED");
    await task(london, "2026-03-29T00:30:00Z", "COMPLETED");
    await task(london, "2026-03-29T12:00:00Z", "AUTOCLOSED");
    await task(london, "2026-03-29T22:59:00Z", "ASSIGNED");
    await task(london, "2026-03-29T23:30:00Z", "COMPLETED", { job_type: "ADHOC" });
    // Kolkata is half an hour and five hours ahead: 18:30Z is midnight.
    await task(kolkata, "2026-03-28T18:29:00Z", "COMPLETED");
    await task(kolkata, "2026-03-28T18:30:00Z", "AUTOCLOSED");
    // At the edges: the first instant counts, the last does not.
    await task(kolkata, "2026-03-28T00:00:00Z", "PARTIALLYCOMPLETED");
    await task(kolkata, "2026-03-31T00:00:00Z", "COMPLETED");
    await task(kolkata, "2026-03-27T23:59:59Z", "COMPLETED");
    // Somebody else's.
    await task(await facility.makeSite({ timezone: "Europe/London" }), "2026-03-29T12:00:00Z", "COMPLETED");
  }, 400_000);
  afterAll(() => facility.backend.close());

  const read = (key: string, more: object = {}, clientId: number | undefined = client) =>
    readReport(facility, report(key), { siteIds: "all", ...period, ...more }, { clientId });

  test("a summary counts each site's days by its own clocks", async () => {
    const made = await read("TASKSUMMARY");
    const counted = made.rows.map((row) => [
      row.site,
      row.day,
      row.total,
      row.completed,
      row.pending,
      row.closed,
      row.adhoc,
    ]);
    expect(counted).toEqual([
      ["Kolkata", "2026-03-28", 2, 1, 0, 0, 0],
      ["Kolkata", "2026-03-29", 1, 0, 0, 1, 0],
      ["London", "2026-03-28", 1, 1, 0, 0, 0],
      ["London", "2026-03-29", 3, 1, 1, 1, 0],
      ["London", "2026-03-30", 1, 1, 0, 0, 1],
    ]);
    expect(made.rows.map(({ percentage, tone }) => [percentage, tone])).toEqual([
      [50, "warning"],
      [0, "bad"],
      [100, "good"],
      [33.3, "bad"],
      [null, null],
    ]);
    const [section] = made.sections;
    expect(section?.kind === "table" && section.totals?.()).toMatchObject({
      total: 8,
      completed: 4,
      closed: 2,
      pending: 1,
    });
    expect(titlesOf(made)).toEqual([
      ...["Site", "Planned Date", "Total Tasks", "Total Scheduled", "Total Adhoc", "Total Completed", "Not Performed"],
      ...["Total Pending", "Total Closed", "Percentage"],
    ]);
  });

  test("a list has each task once, in order, and can be narrowed to people and groups", async () => {
    const { rows } = await read("LISTOFTASKS");
    expect(rows).toHaveLength(8);
    expect(rows.map(({ planAt }) => planAt)).toEqual(rows.map(({ planAt }) => planAt).toSorted());
    expect(rows.map(({ status }) => status).filter((status) => status === "COMPLETED")).toHaveLength(4);
    const person = await facility.makePerson(london, { name: "=cmd() <b>" });
    await facility.makeJobneed(london, { plan_at: "2026-03-29T10:00:00Z", person_id: person, name: "Mine" });
    const mine = await read("LISTOFTASKS", { personIds: [person] });
    expect(mine.rows).toMatchObject([{ name: "Mine", assignedTo: "=cmd() <b>", tone: null }]);
    await facility.database.query("delete from jobneed where name = 'Mine'");
  });

  test("tours are counted, not their checkpoints; static and dynamic ones are told apart", async () => {
    const tour = (more: object) =>
      facility.makeJobneed(london, { identifier: "INTERNALTOUR", status: "PARTIALLYCOMPLETED", name: "Tour", ...more });
    const fixed = await tour({ plan_at: "2026-03-29T10:00:00Z", expiry_at: "2026-03-29T11:00:00Z" });
    const free = await tour({ is_dynamic: true, plan_at: null, created_at: "2026-03-29T12:00:00Z", name: "Free" });
    const visits = ["COMPLETED", "COMPLETED", "AUTOCLOSED", "ASSIGNED", "INPROGRESS"];
    for (const [index, status] of visits.entries()) {
      const asset = await facility.makeAsset(london, { name: `Gate ${index}` });
      await facility.makeJobneed(london, {
        parent_id: fixed,
        seqno: index + 1,
        status,
        asset_id: asset,
        identifier: "INTERNALTOUR",
      });
    }
    await facility.makeJobneed(london, { parent_id: free, seqno: 1, status: "COMPLETED", identifier: "INTERNALTOUR" });
    expect((await read("TOURSUMMARY")).rows).toMatchObject([{ total: 2, completed: 0, day: "2026-03-29" }]);
    expect((await read("LISTOFTOURS")).rows.map(({ name, timeBound }) => [name, timeBound])).toEqual([
      ["Tour", "Static"],
      ["Free", "Dynamic"],
    ]);
    expect((await read("STATICTOURLIST")).rows).toHaveLength(1);
    expect((await read("DYNAMICTOURLIST")).rows).toMatchObject([{ name: "Free" }]);
    expect((await read("STATICDETAILEDTOURSUMMARY")).rows).toMatchObject([
      { checkpoints: 5, completed: 2, missed: 2, percentage: 40, tone: "bad" },
    ]);
    expect((await read("DYNAMICDETAILEDTOURSUMMARY")).rows).toMatchObject([{ checkpoints: 1, percentage: 100 }]);
    const details = await read("STATICTOURDETAILS");
    expect(details.rows.map(({ checkpoint }) => checkpoint)).toEqual([
      "Gate 0",
      "Gate 1",
      "Gate 2",
      "Gate 3",
      "Gate 4",
    ]);
    const [block] = details.sections;
    expect(block?.kind === "table" && block.facts?.map(({ value }) => value)).toEqual(["London", "5", "40 %", "40 %"]);
    expect((await read("DYNAMICTOURDETAILS")).rows).toHaveLength(1);
    await facility.database.query("delete from jobneed where identifier = 'INTERNALTOUR'");
  });

  test("maintenance: in time, late and missed, by kind of asset; longer than a month is allowed", async () => {
    const type = await insertRow(facility, "type_assist", {
      category: "ASSETTYPE",
      code: "PUMP",
      name: "Pump",
      client_id: client,
    });
    const pump = await facility.makeAsset(london, { type_id: type });
    const plain = await facility.makeAsset(london);
    const ppm = (asset_id: number, status: string, ended_at: string | null) =>
      facility.makeJobneed(london, {
        ...{
          identifier: "PPM",
          plan_at: "2026-03-29T10:00:00Z",
          expiry_at: "2026-03-29T12:00:00Z",
          asset_id,
          status,
          ended_at,
        },
      });
    await ppm(pump, "COMPLETED", "2026-03-29T12:00:00Z");
    await ppm(pump, "COMPLETED", "2026-03-29T12:00:01Z");
    await ppm(pump, "AUTOCLOSED", null);
    await ppm(plain, "COMPLETED", null);
    const { rows } = await read("PPMSUMMARY", { from: "2026-02-01T00:00:00Z" });
    expect(rows).toMatchObject([
      { assetType: "Pump", total: 3, onTime: 1, late: 1, missed: 1, percentage: 66.7 },
      { assetType: "Without a type", total: 1, onTime: 1, late: 0, missed: 0, percentage: 100 },
    ]);
    await facility.database.query("delete from jobneed where identifier = 'PPM'");
  });

  test("assets: what was done and what was closed, checkpoints and open work aside", async () => {
    const pump = await facility.makeAsset(london, { code: "PU-9", name: "Pump 9" });
    const gate = await facility.makeAsset(london, { identifier: "CHECKPOINT" });
    for (const [asset_id, status] of [
      [pump, "COMPLETED"],
      [pump, "AUTOCLOSED"],
      [pump, "AUTOCLOSED"],
      [pump, "ASSIGNED"],
      [gate, "COMPLETED"],
    ] as const) {
      await facility.makeJobneed(london, { asset_id, status, plan_at: "2026-03-29T09:00:00Z", name: "Asset work" });
    }
    expect((await read("ASSETWISETASKSTATUS")).rows).toEqual([
      { site: "London", code: "PU-9", name: "Pump 9", autoClosed: 2, completed: 1, total: 3, tone: "bad" },
    ]);
    await facility.database.query("delete from jobneed where name = 'Asset work'");
  });

  test("tickets: how long they took, or have waited, beyond a day too", async () => {
    const ticket = (more: object) =>
      facility.makeTicket(london, { created_at: "2026-03-29T10:00:00Z", updated_at: "2026-04-10T00:00:00Z", ...more });
    const resolved = await ticket({ number: "T#1", status: "RESOLVED" });
    await ticket({ number: "T#2", status: "OPEN", is_escalated: true, level: 2 });
    await ticket({ number: "T#3", status: "CANCELLED" });
    await facility.database.query(
      `insert into ticket_history (ticket_id, at, actor, action, details, previous_state)
       values ($1, '2026-03-31T10:05:00Z', 'x', 'updated', '[]', '{"status": "OPEN"}'),
              ($1, '2026-04-10T00:00:00Z', 'x', 'updated', '[]', '{"status": "RESOLVED"}')`,
      [resolved],
    );
    const { rows, sections } = await readReport(
      facility,
      report("LISTOFTICKETS"),
      { siteIds: [london], ...period },
      { clientId: client, now: Date.parse("2026-03-31T10:00:00Z") },
    );
    expect(
      rows.map(({ number, turnaround, age, tone, levelTone }) => [number, turnaround, age, tone, levelTone]),
    ).toEqual([
      ["T#1", 2_885, null, "good", null],
      ["T#2", null, 2_880, "warning", "warning"],
      ["T#3", null, null, "muted", null],
    ]);
    const [section] = sections;
    expect(section?.kind === "table" && section.chart?.series[0]?.values).toEqual([1, 1, 1]);
  });

  test("the month at a glance: sites, what was missed most, sums", async () => {
    const { sections, rows } = await read("MONTHLYSUMMARY");
    expect(rows.slice(0, 2)).toMatchObject([
      { site: "Kolkata", work: 3, completed: 1, closed: 1, tickets: 0 },
      { site: "London", work: 5, completed: 3, closed: 1, tickets: 3, open: 1, escalated: 1 },
    ]);
    expect(sections[1]?.read).toMatchObject([
      { name: "Round", closed: 1 },
      { name: "Round", closed: 1 },
    ]);
    const [first] = sections;
    expect(first?.kind === "table" && first.chart?.categories).toEqual(["28 Mar", "29 Mar", "30 Mar"]);
  });

  test.each([...SUMMARIES, ...LISTS, ...TOURS])(
    "%s: an empty period has no rows; foreign and unknown sites are refused",
    async (key) => {
      const empty = { from: "2001-01-01T00:00:00Z", upto: "2001-01-02T00:00:00Z" };
      expect((await read(key, empty)).rows).toEqual([]);
      const stranger = await facility.makeClient();
      expect((await read(key, {}, stranger)).rows).toEqual([]);
      for (const siteIds of [[london], [999_999_999]]) {
        await expect(read(key, { siteIds }, stranger)).rejects.toMatchObject({
          code: "PARAMS_INVALID",
          fields: [expect.objectContaining({ field: "siteIds" })],
        });
      }
      await expect(read(key, { from: period.upto, upto: period.from })).rejects.toMatchObject({
        code: "PARAMS_INVALID",
      });
      await expect(read(key, { upto: "2027-01-01T00:00:00Z" })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
      await expect(read(key, { sql: "1=1" })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    },
  );

  test("twenty thousand rows come in batches of a thousand", async () => {
    const site = await facility.makeSite({ name: "Many" });
    await facility.database.query(
      `insert into jobneed (client_id, site_id, name, plan_at, expiry_at)
       select s.client_id, s.id, 'n' || n, '2026-03-29T00:00:00Z'::timestamptz + n * interval '1 second', now()
       from site s, generate_series(1, 20000) n where s.id = $1`,
      [site],
    );
    const asked = { siteIds: [site], ...period };
    const { sections, rows } = await readReport(facility, report("LISTOFTASKS"), asked, {});
    expect(rows).toHaveLength(20_000);
    expect(Math.max(...(sections[0]?.batches ?? []))).toBe(1_000);
  }, 400_000);
});
