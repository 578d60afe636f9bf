/** Permits to work and reviews of vendors, each a document of its own. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { serviceLevel } from "../../services/reports/catalogue/service-level.ts";
import { workPermit } from "../../services/reports/catalogue/work-permit.ts";
import type { ReportDefinition } from "../../services/reports/definition.ts";
import { availableBackends } from "../support/backends.ts";
import { type Columns, type Facility, openFacility } from "../support/facility.ts";
import { insertRow, readReport } from "../support/report-documents.ts";

const HOSTILE = `'; drop table site; -- <img src=x onerror=alert(1)> {"a":\\1}`;
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

  /** A record with sections, each with answers to questions of these names. */
  async function makeRecord(
    columns: Columns,
    sections: readonly { readonly of?: Columns; readonly lines: Readonly<Record<string, Columns>> }[],
  ) {
    const record = await make("work_order", { site_id: site, ...columns });
    for (const [seqno, { lines, of = {} }] of sections.entries()) {
      const identifier = columns.identifier ?? "WO";
      const below = await make("work_order", { site_id: site, parent_id: record, identifier, seqno, ...of });
      for (const [place, [name, line]] of Object.entries(lines).entries()) {
        const known = await facility.all<{ id: number }>(
          "select id from question where client_id = $1 and name = $2 and answer_type = 'SINGLELINE'",
          [client, name],
        );
        const question_id = known[0]?.id ?? (await make("question", { name, unit: name === "Height" ? "m" : null }));
        await make("work_order_detail", { work_order_id: below, question_id, seqno: place, ...line });
      }
    }
    return record;
  }

  describe("WORKPERMIT", () => {
    test("is a form for each section, with those who decided", async () => {
      const type = await make("question_set", { name: "HEIGHT WORK PERMIT", type: "WORKPERMIT" });
      const part = await make("question_set", { name: "Precautions", type: "WORKPERMIT" });
      const location_id = await make("location", { site_id: site, code: "R", name: "Roof" });
      const permit = await makeRecord(
        {
          ...{ identifier: "WP", number: "CW#WP7", question_set_id: type, permit_status: "PENDING" },
          ...{ verifier_status: "APPROVED", description: HOSTILE, location_id, performed_by: "Acme" },
          ...{ plan_at: "2026-03-29T00:30:00Z", expiry_at: "2026-03-29T01:30:00Z" },
        },
        [
          { of: { description: HOSTILE }, lines: { Height: { answer: "12" }, [HOSTILE]: { answer: HOSTILE } } },
          { of: { question_set_id: part }, lines: { Belt: { answer: "YES" }, Photo: { answer: null } } },
        ],
      );
      const photo = await facility.one<{ uuid: string }>(
        "select d.uuid from work_order_detail d join question q on q.id = d.question_id where q.name = 'Photo' and d.client_id = $1",
        [client],
      );
      for (const file_name of ["a.jpg", "b.jpg"]) {
        await make("attachment", { owner_table: "work_order_detail", owner_uuid: photo.uuid, file_name, path: "x" });
      }
      const boss = await facility.makePerson(site, { name: "Boss" });
      const decision = { work_order_id: permit };
      await make("work_order_decision", { ...decision, person_id: boss, role: "APPROVER" });
      await make("work_order_decision", {
        ...{ ...decision, person_id: person, role: "VERIFIER", decision: "APPROVED", remarks: HOSTILE },
        at: "2026-03-28T20:00:00Z",
      });

      const { head, sections } = await read(workPermit, { workOrderId: permit }, Date.parse("2026-03-29T01:00:00Z"));
      expect(head).toMatchObject({ title: "HEIGHT WORK PERMIT", clientName: "Client" });
      expect(head.subtitle).toBe("CW#WP7 – NOT VALID: the permit is not approved yet.");
      expect(head.facts).toEqual(
        expect.arrayContaining([
          { label: "Location", value: "Roof" },
          { label: "Work", value: HOSTILE },
          { label: "Valid from", value: "29 Mar 2026, 00:30 (Europe/London)" },
          { label: "Valid until", value: "29 Mar 2026, 02:30 (Europe/London)" },
          { label: "Permit", value: "Pending" },
        ]),
      );
      expect(head.facts.map(({ label }) => label)).not.toContain("Asset");
      const bare = sections.map(({ kind, heading, read: rows }) => ({ kind, heading, rows }));
      expect(bare).toEqual([
        {
          ...{ kind: "form", heading: HOSTILE },
          rows: [
            { label: "Height", value: "12 m" },
            { label: HOSTILE, value: HOSTILE },
          ],
        },
        {
          ...{ kind: "form", heading: "Precautions" },
          rows: [
            { label: "Belt", value: "YES" },
            { label: "Photo", value: "(2 files)" },
          ],
        },
        { kind: "form", heading: "Remarks", rows: [{ label: HOSTILE, value: HOSTILE }] },
        {
          ...{ kind: "signatures", heading: "Decisions" },
          rows: [
            { role: "Verifier", name: HOSTILE, state: "APPROVED", at: "2026-03-28T20:00:00.000Z" },
            { role: "Approver", name: "Boss", state: "PENDING", at: null },
          ],
        },
      ]);
      expect(sections[0]).toMatchObject({ note: expect.stringMatching(/not approved/) });
      expect(sections[1]).not.toHaveProperty("note");
    });

    test("without a type is a general one, without answers still printed", async () => {
      const permit = await makeRecord({ identifier: "WP" }, []);
      const { head, sections } = await read(workPermit, { workOrderId: permit });
      expect(head.title).toBe("General Work Permit");
      expect(sections.map(({ kind }) => kind)).toEqual(["form", "signatures"]);
      expect(sections[0]).not.toHaveProperty("note");
    });

    test("refuses what is no permit of the client's", async () => {
      const review = await makeRecord({ identifier: "SLA" }, [{ lines: {} }]);
      const permit = await makeRecord({ identifier: "WP" }, [{ lines: {} }]);
      const { id: section } = await facility.one<{ id: number }>("select id from work_order where parent_id = $1", [
        permit,
      ]);
      const theirs = await make("work_order", { site_id: foreign, identifier: "WP" }, foreign);
      for (const workOrderId of [review, section, theirs, 999_999_999]) {
        await expect(read(workPermit, { workOrderId })).rejects.toEqual(names("workOrderId"));
        if (workOrderId !== review) {
          await expect(read(serviceLevel, { workOrderId })).rejects.toEqual(names("workOrderId"));
        }
      }
      await expect(read(serviceLevel, { workOrderId: permit })).rejects.toEqual(names("workOrderId"));
    });
  });

  describe("SERVICELEVELAGREEMENT", () => {
    test("has the score of each section and KPI, and of the months before", async () => {
      const vendor = await make("vendor", { code: "V", name: HOSTILE });
      const review = (for_month: string, quality: string, speed: string | null, more: Columns = {}) =>
        makeRecord({ identifier: "SLA", vendor_id: vendor, for_month, ...more }, [
          { of: { description: "Quality", weightage: 60 }, lines: { Cleaning: { answer: quality, max_value: 10 } } },
          {
            of: { description: "Speed", weightage: 40 },
            lines: { Response: { answer: speed, max_value: 5 }, Comment: { answer: HOSTILE } },
          },
        ]);
      await review("2025-09-01", "1", "1");
      await review("2025-10-01", "4", "1");
      await review("2026-01-01", "2", "2");
      await review("2026-01-01", "5", null);
      await review("2026-02-01", "0", "0", { status: "CANCELLED" });
      await review("2026-04-01", "0", "0");
      const march = await review("2026-03-01", "9", "4", {
        ...{
          number: "CW#SLA3",
          details: JSON.stringify({ uptime_score: 99.5, remarks: HOSTILE, response_time: { a: 1 } }),
        },
      });
      await make("work_order_decision", { work_order_id: march, person_id: person, role: "APPROVER" });
      const other = await make("vendor", { code: "W", name: "W" });
      await review("2026-02-01", "10", "5", { vendor_id: other });

      const { head, sections } = await read(serviceLevel, { workOrderId: march });
      expect(head.subtitle).toBe(`${HOSTILE} – CW#SLA3`);
      // 60 × 90 % + 40 × 80 %
      expect(head.facts).toEqual([
        { label: "Vendor", value: HOSTILE },
        { label: "Site", value: "Canary Wharf" },
        { label: "Month", value: "2026-03" },
        { label: "Overall score", value: "86.0 %" },
      ]);
      expect(sections[0]).toMatchObject({
        chart: {
          // 60 × 40 % + 40 × 20 %; of January the later review, where nobody scored the speed
          ...{ kind: "bar", categories: ["2025-10", "2026-01", "2026-03"], unit: "%" },
          series: [{ values: [32, 50, 86] }],
        },
      });
      expect(sections.map(({ heading, read: rows }) => [heading, rows])).toEqual([
        [
          "Summary",
          [
            { section: "Quality", weightage: 60, score: 90, tone: "good" },
            { section: "Speed", weightage: 40, score: 80, tone: "good" },
          ],
        ],
        ["Quality", [{ kpi: "Cleaning", answer: "9", best: 10, score: 90, tone: "good" }]],
        [
          "Speed",
          [
            { kpi: "Response", answer: "4", best: 5, score: 80, tone: "good" },
            { kpi: "Comment", answer: HOSTILE, best: null, score: null, tone: null },
          ],
        ],
        [
          "Measured",
          [
            { label: "Uptime", value: "99.5" },
            { label: "Remarks", value: HOSTILE },
          ],
        ],
        ["Decisions", [{ role: "Approver", name: HOSTILE, state: "PENDING", at: null }]],
      ]);
      const [summary] = sections;
      expect(summary?.kind === "table" && summary.totals?.()).toMatchObject({ section: "Overall", score: 86 });
    });

    test("is of the month before it was made where it names none, and has no score without answers", async () => {
      const review = await makeRecord({ identifier: "SLA", created_at: "2026-03-31T23:30:00Z" }, [
        { of: { description: "Quality" }, lines: { Cleaning: { answer: null } } },
      ]);
      const { head, sections } = await read(serviceLevel, { workOrderId: review });
      // It is April already by the site's clocks.
      expect(head.facts).toContainEqual({ label: "Month", value: "2026-03" });
      expect(head.facts).toContainEqual({ label: "Overall score", value: "not scored" });
      expect(sections[0]).not.toHaveProperty("chart");
    });
  });
});
