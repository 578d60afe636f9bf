/** Reports of visits to sites: what was answered, and when; over a change of the clocks, beside another client's rows. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { routeVisitReport } from "../../services/reports/catalogue/route-visit-report.ts";
import { siteReport } from "../../services/reports/catalogue/site-report.ts";
import { availableBackends } from "../support/backends.ts";
import { type Columns, type Facility, openFacility } from "../support/facility.ts";
import { giveAnswers, makeQuestionSet, readReport, titlesOf } from "../support/report-documents.ts";

const HOSTILE = `'; drop table site; -- <img src=x onerror=alert(1)> {"a":\\1}`;
/** Sunday 2026-03-29 in London: the clocks go from 01:00 to 02:00. */
const DAY = { from: "2026-03-29T00:00:00Z", upto: "2026-03-29T23:00:00Z" };

describe.each(availableBackends().filter((name) => name !== "jetstream"))("reports of visits on %s", (backend) => {
  let facility: Facility;
  let client: number;
  let london: number;
  let kolkata: number;
  let officer: number;
  let route: number;
  let set: number;
  let questions: number[];

  beforeAll(async () => {
    facility = await openFacility(backend);
  }, 400_000);
  afterAll(() => facility.backend.close());

  beforeEach(async () => {
    client = await facility.makeClient({ name: "Client", timezone: "Europe/London" });
    london = await facility.makeSite({
      ...{ client_id: client, name: "Canary Wharf", code: `LON-${client}`, timezone: "Europe/London", sol_id: "S-1" },
      ...{ latitude: 51.5, longitude: -0.02 },
      preferences: JSON.stringify({ address: HOSTILE, address2: { state: "England" } }),
    });
    kolkata = await facility.makeSite({ client_id: client, name: "Park Street", timezone: "Asia/Kolkata" });
    officer = await facility.makePerson(london, { name: HOSTILE, code: `RP-${client}`, phone: "+44 1" });
    route = await facility.makeGroup(london, { kind: "SITEGROUP", name: `Route ${client}` });
    ({ set, questions } = await makeSet(london, "Site Report ", "RPCHECKLIST", ["FASCIA WORKING", HOSTILE]));
  });

  const makeSet = (site: number, name: string, type: string, names: readonly string[], answerType = "SINGLELINE") =>
    makeQuestionSet(facility, site, { name, type, names, answerType });
  const answer = (jobneed: number, answers: Readonly<Record<number, string | null>>, columns: Columns = {}) =>
    giveAnswers(facility, jobneed, answers, columns);
  const visit = (site: number, columns: Columns) =>
    facility.makeJobneed(site, {
      ...{ identifier: "EXTERNALTOUR", status: "COMPLETED", site_group_id: route, question_set_id: set },
      ...{ performed_by_id: officer, ...columns },
    });

  describe("SITEREPORT", () => {
    test("has a row for each visit of the period at its site's own time, and a column for each question", async () => {
      const first = await visit(london, { started_at: "2026-03-29T00:30:00Z" });
      await answer(first, { [questions[0] ?? 0]: "YES", [questions[1] ?? 0]: HOSTILE });
      const second = await visit(london, { started_at: "2026-03-29T01:30:00Z", ended_at: "2026-03-29T05:00:00Z" });
      await answer(second, { [questions[0] ?? 0]: "NO" });
      await visit(kolkata, { ended_at: "2026-03-29T20:00:00Z" });
      // Not of the period, not done, another checklist, another route, no tour of a route.
      await visit(london, { started_at: DAY.upto });
      await visit(london, { started_at: "2026-03-28T23:59:59.999Z" });
      await visit(london, { started_at: "2026-03-29T09:00:00Z", status: "INPROGRESS" });
      const other = await makeSet(london, "Another", "RPCHECKLIST", ["Q"]);
      await visit(london, { started_at: "2026-03-29T09:00:00Z", question_set_id: other.set });
      const away = await facility.makeGroup(london, { kind: "SITEGROUP", name: `Away ${client}` });
      await visit(london, { started_at: "2026-03-29T09:00:00Z", site_group_id: away });
      await visit(london, { started_at: "2026-03-29T09:00:00Z", identifier: "TASK" });

      const asked = { siteGroupIds: [route], ...DAY };
      const found = await readReport(facility, siteReport, asked, { clientId: client });
      const { head, rows } = found;
      const titles = titlesOf(found);

      expect(titles.slice(0, 6)).toEqual([
        ...["ROUTE NAME", "SOL ID", "SITE CODE", "SITE NAME", "DATE OF VISIT", "TIME OF VISIT"],
      ]);
      expect(titles.slice(13)).toEqual(["FASCIA WORKING", HOSTILE]);
      const [q1, q2] = questions.map((question) => `q${question}`) as [string, string];
      expect(rows).toEqual([
        {
          ...{ route: `Route ${client}`, solId: "S-1", siteCode: `LON-${client}`, siteName: "Canary Wharf" },
          ...{ visitDate: "2026-03-29", visitTime: "00:30", latitude: "51.5", longitude: "-0.02" },
          ...{ personCode: `RP-${client}`, personName: HOSTILE, phone: "+44 1", address: HOSTILE, state: "England" },
          ...{ [q1]: "YES", [q2]: HOSTILE },
        },
        expect.objectContaining({ visitDate: "2026-03-29", visitTime: "02:30", [q1]: "NO", [q2]: null }),
        expect.objectContaining({ siteName: "Park Street", visitDate: "2026-03-30", visitTime: "01:30", [q1]: null }),
      ]);
      expect(head.clientName).toBe("Client");
      expect(head.facts).toContainEqual({ label: "Route", value: `Route ${client}` });
    });

    test("is of the officers and the checklist chosen", async () => {
      const other = await facility.makePerson(london);
      await visit(london, { started_at: "2026-03-29T09:00:00Z" });
      await visit(london, { started_at: "2026-03-29T10:00:00Z", performed_by_id: null, person_id: other });
      const audit = await makeSet(london, "Audit", "SITEREPORT", ["A", "B"]);
      await visit(london, { started_at: "2026-03-29T11:00:00Z", question_set_id: audit.set });

      const asked = { siteGroupIds: "all", ...DAY };
      const of = async (more: object) =>
        (await readReport(facility, siteReport, { ...asked, ...more }, { clientId: client })).rows.map(
          (row) => row.visitTime,
        );
      expect(await of({})).toEqual(["10:00", "11:00"]);
      expect(await of({ personIds: [other] })).toEqual(["11:00"]);
      expect(await of({ questionSetId: audit.set })).toEqual(["12:00"]);
    });

    test("refuses what is not there or another client's, and names the field", async () => {
      const foreign = await facility.makeSite();
      const group = await facility.makeGroup(foreign, { kind: "SITEGROUP" });
      const people = await facility.makeGroup(london);
      const stranger = await facility.makePerson(foreign);
      const foreignSet = await makeSet(foreign, "SITE REPORT", "SITEREPORT", ["Q"]);
      const ask = (params: object) => readReport(facility, siteReport, { ...DAY, ...params }, { clientId: client });
      const names = (field: string) => expect.objectContaining({ fields: [expect.objectContaining({ field })] });
      await expect(ask({ siteGroupIds: [group] })).rejects.toEqual(names("siteGroupIds"));
      await expect(ask({ siteGroupIds: [people] })).rejects.toEqual(names("siteGroupIds"));
      await expect(ask({ siteGroupIds: [route, 999_999_999] })).rejects.toEqual(names("siteGroupIds"));
      await expect(ask({ siteGroupIds: [route], personIds: [stranger] })).rejects.toEqual(names("personIds"));
      await expect(ask({ siteGroupIds: [route], questionSetId: foreignSet.set })).rejects.toEqual(
        names("questionSetId"),
      );
      await expect(ask({ siteGroupIds: [route], colour: "red" })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
      await facility.database.query("update question_set set enabled = false where id = $1", [set]);
      await expect(ask({ siteGroupIds: [route] })).rejects.toEqual(names("questionSetId"));
      // An operator of all clients can ask for one client's routes at a time.
      const mixed = readReport(facility, siteReport, {
        ...{ ...DAY, siteGroupIds: [route], questionSetId: foreignSet.set },
      });
      await expect(mixed).rejects.toEqual(names("questionSetId"));
      const both = readReport(facility, siteReport, { ...DAY, siteGroupIds: [route, group] });
      await expect(both).rejects.toEqual(names("siteGroupIds"));
    });
  });

  describe("RP_SITEVISITREPORT", () => {
    async function makeTour(columns: Columns, stops: readonly (readonly [number, string | null, string])[]) {
      const { tour_frequency = 2, ...tour } = columns;
      const job = await facility.makeJob(london, { identifier: "EXTERNALTOUR", site_group_id: route, tour_frequency });
      const parent = await facility.makeJobneed(london, {
        ...{ identifier: "EXTERNALTOUR", job_id: job, site_group_id: route, ...tour },
      });
      for (const [seqno, [site, started_at, plan_at]] of stops.entries()) {
        await visit(site, {
          parent_id: parent,
          seqno,
          started_at,
          plan_at,
          status: started_at ? "COMPLETED" : "ASSIGNED",
        });
      }
    }
    const march = { from: "2026-03-28T00:00:00Z", upto: "2026-03-29T23:00:00Z" };

    test("has both passes of each site, a column for each day with the times on its clocks", async () => {
      await makeTour({ plan_at: "2026-03-29T00:00:00Z" }, [
        [london, "2026-03-29T00:15:00Z", "2026-03-29T00:00:00Z"],
        [kolkata, null, "2026-03-29T01:00:00Z"],
        [kolkata, "2026-03-29T19:00:00Z", "2026-03-29T02:00:00Z"],
        [london, "2026-03-29T03:05:00Z", "2026-03-29T03:00:00Z"],
      ]);
      await makeTour({ plan_at: "2026-03-29T10:00:00Z" }, [
        [london, "2026-03-29T10:00:00Z", "2026-03-29T10:00:00Z"],
        [london, null, "2026-03-29T11:00:00Z"],
      ]);
      await makeTour({ plan_at: "2026-03-29T10:00:00Z", tour_frequency: 1 }, [
        [london, "2026-03-29T12:00:00Z", "2026-03-29T10:00:00Z"],
      ]);
      await facility.addMember(route, { siteId: kolkata });
      const found = await readReport(
        facility,
        routeVisitReport,
        { siteGroupIds: [route], ...march },
        { clientId: client },
      );
      const { rows, head } = found;
      expect(titlesOf(found).slice(5)).toEqual(["28 Mar Sat", "29 Mar Sun", "30 Mar Mon"]);
      const [d28, d29, d30] = ["2026-03-28", "2026-03-29", "2026-03-30"] as const;
      const site = { route: `Route ${client}`, solId: "S-1", state: "England", siteName: "Canary Wharf" };
      const park = { route: `Route ${client}`, solId: null, state: null, siteName: "Park Street" };
      expect(rows).toEqual([
        { ...site, pass: "1st", [d28]: "--", [d29]: "00:15, 11:00", [d30]: "--" },
        { ...site, pass: "2nd", [d28]: "--", [d29]: "04:05", [d30]: "--" },
        { ...park, pass: "1st", [d28]: "--", [d29]: "--", [d30]: "--" },
        { ...park, pass: "2nd", [d28]: "--", [d29]: "--", [d30]: "00:30" },
      ]);
      expect(head.orientation).toBe("landscape");
      expect(routeVisitReport.formats).toEqual(["xlsx"]);
    });

    test("has nothing of times without tours, and nothing of another client", async () => {
      await makeTour({ plan_at: "2026-03-29T10:00:00Z" }, [[london, "2026-03-29T10:00:00Z", "2026-03-29T10:00:00Z"]]);
      const other = await facility.makeClient();
      const asked = { siteGroupIds: "all", ...march };
      expect((await readReport(facility, routeVisitReport, asked, { clientId: other })).rows).toEqual([]);
      const april = { siteGroupIds: "all", from: "2026-04-01T00:00:00Z", upto: "2026-04-02T00:00:00Z" };
      expect((await readReport(facility, routeVisitReport, april, { clientId: client })).rows).toEqual([]);
    });
  });
});
