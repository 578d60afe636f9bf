/** The list of work orders, and the tables it is read from. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { workOrderList } from "../../services/reports/catalogue/work-order-list.ts";
import type { ReportDefinition } from "../../services/reports/definition.ts";
import { availableBackends } from "../support/backends.ts";
import { type Columns, type Facility, openFacility } from "../support/facility.ts";
import { insertRow, readReport } from "../support/report-documents.ts";

const HOSTILE = `'; drop table site; -- <img src=x onerror=alert(1)> {"a":\\1}`;
/** Saturday and Sunday in London; the clocks go forward in between. */
const WEEKEND = { from: "2026-03-28T00:00:00Z", upto: "2026-03-29T23:00:00Z" };
const names = (field: string) => expect.objectContaining({ fields: [expect.objectContaining({ field })] });

describe.each(availableBackends().filter((name) => name !== "jetstream"))("on %s", (backend) => {
  let facility: Facility;
  let client: number;
  let site: number;
  let foreign: number;
  let person: number;

  beforeAll(async () => {
    facility = await openFacility(backend);
  }, 400_000);
  afterAll(() => facility.backend.close());
  beforeEach(async () => {
    client = await facility.makeClient({ name: "Client", timezone: "Europe/London" });
    site = await facility.makeSite({ client_id: client, name: "Canary Wharf", timezone: "Europe/London" });
    person = await facility.makePerson(site, { name: HOSTILE, code: `P-${client}` });
    foreign = await facility.makeSite({ name: "Elsewhere" });
  });

  const read = (report: ReportDefinition, params: object, now?: number) =>
    readReport(facility, report, params, { clientId: client, ...(now === undefined ? {} : { now }) });
  const make = async (table: string, columns: Columns, at = site) =>
    insertRow(facility, table, { client_id: await facility.clientOf(at), ...columns });

  describe("WORKORDERLIST", () => {
    const order = (columns: Columns, at = site) => make("work_order", { site_id: at, ...columns }, at);

    test("has the orders of the period, marked by their state", async () => {
      const vendor = await make("vendor", { code: "V", name: HOSTILE });
      await order({
        ...{ number: "X#WO1", description: HOSTILE, plan_at: WEEKEND.from, ended_at: "2026-03-28T08:00:00Z" },
        ...{ status: "COMPLETED", vendor_id: vendor, priority: "HIGH", created_by_id: person },
        created_at: "2026-03-20T10:00:00Z",
      });
      const late = { plan_at: "2026-03-29T10:00:00Z", expiry_at: "2026-03-29T11:59:59Z" };
      const overdue = await order({ ...late, created_by: "import" });
      await order({ number: "X#WO2", created_at: "2026-03-29T11:00:00Z", status: "CANCELLED" });
      await order({ number: "X#WO3", plan_at: "2026-03-29T12:00:00Z", expiry_at: "2026-03-30T00:00:00Z" });
      await order({ plan_at: WEEKEND.upto });
      await order({ plan_at: "2026-03-27T23:59:59Z", created_at: "2026-03-29T11:00:00Z" });
      await order({ ...late, identifier: "WP" });
      await order({ ...late, parent_id: overdue });
      await order(late, foreign);
      await order({ ...late, client_id: await facility.clientOf(foreign) });

      const noon = Date.parse("2026-03-29T12:00:00Z");
      const { rows, sections } = await read(workOrderList, { siteIds: "all", ...WEEKEND }, noon);
      expect(rows.map(({ number, status, tone }) => [number, status, tone])).toEqual([
        ["X#WO1", "COMPLETED", "good"],
        [String(overdue), "ASSIGNED", "bad"],
        ["X#WO2", "CANCELLED", "muted"],
        ["X#WO3", "ASSIGNED", null],
      ]);
      expect(rows[0]).toEqual({
        ...{ number: "X#WO1", createdAt: "2026-03-20T10:00:00.000Z", createdBy: HOSTILE, status: "COMPLETED" },
        ...{ planAt: "2026-03-28T00:00:00.000Z", description: HOSTILE, endedAt: "2026-03-28T08:00:00.000Z" },
        ...{ priority: "HIGH", site: "Canary Wharf", vendor: HOSTILE, timezone: "Europe/London", tone: "good" },
      });
      expect(rows[1]).toMatchObject({ createdBy: "import", vendor: null });
      expect(sections[0]).toMatchObject({
        chart: { kind: "donut", categories: ["ASSIGNED", "CANCELLED", "COMPLETED"], series: [{ values: [2, 1, 1] }] },
      });
      const theirs = await read(workOrderList, { siteIds: [site], vendorIds: [vendor], ...WEEKEND });
      expect(theirs.rows.map(({ number }) => number)).toEqual(["X#WO1"]);
    });

    test("is empty without a chart, and refuses another client's vendor", async () => {
      const { rows, sections } = await read(workOrderList, { siteIds: [site], ...WEEKEND });
      expect(rows).toEqual([]);
      expect(sections[0]).not.toHaveProperty("chart");
      const vendor = await make("vendor", { code: "V", name: "V" }, foreign);
      const asked = { siteIds: [site], vendorIds: [vendor], ...WEEKEND };
      await expect(read(workOrderList, asked)).rejects.toEqual(names("vendorIds"));
    });

    test("passes thousands of orders on, a batch at a time, in order", async () => {
      await facility.database.query(
        `insert into work_order (client_id, site_id, number, plan_at)
         select $1::bigint, $2::bigint, $1::bigint || '#' || n, '2026-03-28T00:00:00Z'::timestamptz + n * interval '1 s'
         from generate_series(1, 2500) n`,
        [client, site],
      );
      const { rows, sections } = await read(workOrderList, { siteIds: [site], ...WEEKEND });
      expect(sections[0]?.batches).toEqual([1000, 1000, 500]);
      expect(rows.map(({ number }) => number)).toEqual(
        Array.from({ length: 2500 }, (_, index) => `${client}#${index + 1}`),
      );
    });
  });

  describe("the tables of work orders", () => {
    test("a number is one order's of a client; sections have none", async () => {
      await make("work_order", { site_id: site, number: "N1" });
      await make("work_order", { site_id: foreign, number: "N1" }, foreign);
      await expect(make("work_order", { site_id: site, number: "N1" })).rejects.toMatchObject({ code: "23505" });
      const parent_id = await make("work_order", { site_id: site });
      await expect(make("work_order", { site_id: site, parent_id, number: "N2" })).rejects.toMatchObject({
        code: "23514",
      });
    });

    test("a decision has a time when it is made, and only then; one for each person and role", async () => {
      const work_order_id = await make("work_order", { site_id: site, identifier: "WP" });
      const asked = { work_order_id, person_id: person, role: "APPROVER" };
      const at = "2026-03-29T00:00:00Z";
      await expect(make("work_order_decision", { ...asked, at })).rejects.toMatchObject({ code: "23514" });
      const approved = { ...asked, decision: "APPROVED" };
      await expect(make("work_order_decision", approved)).rejects.toMatchObject({ code: "23514" });
      await make("work_order_decision", { ...approved, at });
      await expect(make("work_order_decision", asked)).rejects.toMatchObject({ code: "23505" });
      await make("work_order_decision", { ...asked, role: "VERIFIER" });
    });

    test("a change is told to phones, and sections go with their record", async () => {
      const record = await make("work_order", { site_id: site, identifier: "WP" });
      const section = await make("work_order", { site_id: site, identifier: "WP", parent_id: record });
      await make("work_order_detail", { work_order_id: section, seqno: 1, answer: "YES" });
      const changed = () =>
        facility.one<{ n: string }>("select changed_in::text as n from work_order where id = $1", [record]);
      const before = await changed();
      await facility.database.query("update work_order set status = 'CLOSED' where id = $1", [record]);
      expect(BigInt((await changed()).n)).toBeGreaterThan(BigInt(before.n));
      await facility.database.query("delete from work_order where id = $1", [record]);
      const left = await facility.one<{ n: number }>(
        "select count(*)::integer as n from work_order_detail where client_id = $1",
        [client],
      );
      expect(left.n).toBe(0);
    });
  });
});
