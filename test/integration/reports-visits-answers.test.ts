/** Reports of what was answered: the site reports of a day, and the log sheets of tasks. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { logSheet } from "../../services/reports/catalogue/log-sheet.ts";
import { siteVisitReport } from "../../services/reports/catalogue/site-visit-report.ts";
import { availableBackends } from "../support/backends.ts";
import { type Columns, type Facility, openFacility } from "../support/facility.ts";
import { giveAnswers, insertRow, makeQuestionSet, readReport } from "../support/report-documents.ts";

const HOSTILE = `'; drop table site; -- <img src=x onerror=alert(1)> {"a":\\1}`;
/** Sunday 2026-03-29 in London: the clocks go from 01:00 to 02:00. */
const DAY = { from: "2026-03-29T00:00:00Z", upto: "2026-03-29T23:00:00Z" };

describe.each(availableBackends().filter((name) => name !== "jetstream"))("reports of answers on %s", (backend) => {
  let facility: Facility;
  let client: number;
  let london: number;
  let kolkata: number;
  let officer: number;
  let set: number;
  let questions: number[];

  beforeAll(async () => {
    facility = await openFacility(backend);
  }, 400_000);
  afterAll(() => facility.backend.close());

  beforeEach(async () => {
    client = await facility.makeClient({ name: "Client", timezone: "Europe/London" });
    london = await facility.makeSite({ client_id: client, name: "Canary Wharf", timezone: "Europe/London" });
    kolkata = await facility.makeSite({ client_id: client, name: "Park Street", timezone: "Asia/Kolkata" });
    officer = await facility.makePerson(london, { name: HOSTILE, code: `RP-${client}`, phone: "+44 1" });
    ({ set, questions } = await makeSet(london, "Site Report ", "RPCHECKLIST", ["FASCIA WORKING", HOSTILE]));
  });

  const makeSet = (site: number, name: string, type: string, names: readonly string[], answerType = "SINGLELINE") =>
    makeQuestionSet(facility, site, { name, type, names, answerType });
  const answer = (jobneed: number, answers: Readonly<Record<number, string | null>>, columns: Columns = {}) =>
    giveAnswers(facility, jobneed, answers, columns);
  test("SITEVISITREPORT has the visits of a day of each site, their sections in order", async () => {
    const report = (site: number, columns: Columns) =>
      facility.makeJobneed(site, { identifier: "SITEREPORT", status: "COMPLETED", question_set_id: set, ...columns });
    const late = await report(kolkata, { name: HOSTILE, started_at: "2026-03-28T18:30:00Z", performed_by_id: officer });
    const { set: part, questions: parts } = await makeSet(london, "Doors", "SITEREPORT", ["Locked"]);
    const below = { parent_id: late, started_at: "2026-03-30T00:00:00Z" };
    const second = await report(kolkata, { ...below, seqno: 2, question_set_id: set });
    const first = await report(kolkata, { ...below, seqno: 1, question_set_id: part });
    await answer(first, { [parts[0] ?? 0]: "all" }, { has_alert: true });
    await answer(second, { [questions[0] ?? 0]: "yes", [questions[1] ?? 0]: null });
    const morning = await report(london, { plan_at: "2026-03-29T22:59:00Z" });
    await answer(morning, { [questions[0] ?? 0]: "no" });
    await answer(await report(london, { plan_at: "2026-03-29T23:00:00Z" }), { [questions[0] ?? 0]: "tomorrow" });
    await answer(await report(london, { plan_at: "2026-03-29T09:00:00Z", status: "AUTOCLOSED" }), {
      [questions[0] ?? 0]: "never done",
    });

    const asked = { siteIds: "all", date: "2026-03-29" };
    const { sections } = await readReport(facility, siteVisitReport, asked, { clientId: client });
    expect(sections.map(({ heading, read }) => ({ heading, read }))).toEqual([
      {
        heading: "Canary Wharf",
        read: [{ place: 1, questionSet: "Site Report ", question: "FASCIA WORKING", answer: "no", tone: null }],
      },
      {
        heading: "Park Street",
        read: [
          { place: 1, questionSet: "Doors", question: "Locked", answer: "all", tone: "bad" },
          { place: 2, questionSet: "Site Report ", question: "FASCIA WORKING", answer: "yes", tone: null },
          { place: 3, questionSet: "Site Report ", question: HOSTILE, answer: null, tone: null },
        ],
      },
    ]);
    expect((sections[1] as { facts: unknown }).facts).toEqual([
      { label: "Visit", value: HOSTILE },
      { label: "Visited at", value: "29 Mar 2026, 00:00 (Asia/Kolkata)" },
      { label: "Visited by", value: HOSTILE },
    ]);
    const empty = await readReport(facility, siteVisitReport, { ...asked, date: "2026-02-28" }, { clientId: client });
    expect([empty.sections.length, empty.rows]).toEqual([1, []]);
    await expect(readReport(facility, siteVisitReport, { siteIds: "all", date: "2026-02-30" })).rejects.toMatchObject({
      code: "PARAMS_INVALID",
    });
  });

  describe("LOGSHEET", () => {
    test("has the answers of completed tasks of the period, numbers with two decimals", async () => {
      const pump = await insertRow(facility, "type_assist", {
        category: "ASSETTYPE",
        code: "PUMP",
        name: "Pump",
        client_id: client,
      });
      const asset = await facility.makeAsset(london, { name: HOSTILE, type_id: pump });
      const log = await makeSet(london, "Log", "CHECKLIST", ["Pressure", "Flow", "Level", "Heat", "Word"], "NUMERIC");
      const task = { asset_id: asset, question_set_id: log.set, status: "COMPLETED", performed_by_id: officer };
      const done = await facility.makeJobneed(london, {
        ...{ ...task, plan_at: DAY.from, ended_at: "2026-03-29T01:00:00Z" },
      });
      const answers = ["1.005", " -7 ", "12.3449", "NaN", "n/a"];
      await answer(done, Object.fromEntries(log.questions.map((question, index) => [question, answers[index] ?? ""])), {
        answer_type: "NUMERIC",
      });
      const text = await makeSet(london, "Words", "CHECKLIST", ["Serial"]);
      const adhoc = await facility.makeJobneed(london, {
        ...{ question_set_id: text.set, status: "COMPLETED", ended_at: "2026-03-29T12:00:00Z", person_id: officer },
      });
      await answer(adhoc, { [text.questions[0] ?? 0]: "1.005" }, { answer_type: "SINGLELINE" });
      for (const [at, more] of [
        ["2026-03-28T23:59:59Z", {}],
        [DAY.upto, {}],
        ["2026-03-29T09:00:00Z", { status: "PARTIALLYCOMPLETED" }],
        ["2026-03-29T09:00:00Z", { identifier: "PPM" }],
      ] as const) {
        const not = await facility.makeJobneed(london, {
          ...task,
          plan_at: at,
          ended_at: "2026-03-29T12:00:00Z",
          ...more,
        });
        await answer(not, { [log.questions[0] ?? 0]: "99" });
      }

      const of = (more: object) =>
        readReport(facility, logSheet, { siteIds: [london], ...DAY, ...more }, { clientId: client });
      const { rows } = await of({});
      expect(rows.map((row) => [row.questionSet, row.question, row.answer])).toEqual([
        ["Log", "Pressure", "1.01"],
        ["Log", "Flow", "-7.00"],
        ["Log", "Level", "12.34"],
        ["Log", "Heat", "NaN"],
        ["Log", "Word", "n/a"],
        ["Words", "Serial", "1.005"],
      ]);
      expect(rows[0]).toMatchObject({
        ...{ asset: HOSTILE, assetType: "Pump", doneAt: "2026-03-29T01:00:00.000Z", timezone: "Europe/London" },
        ...{ doneBy: HOSTILE, tone: null },
      });
      expect((await of({ assetIds: [asset] })).rows).toHaveLength(5);
      expect((await of({ assetTypeIds: [pump] })).rows).toHaveLength(5);
      expect((await of({ questionSetIds: [text.set] })).rows).toHaveLength(1);
      expect((await of({ siteIds: [kolkata] })).rows).toEqual([]);
    });

    test("refuses another client's rows by their field", async () => {
      const foreign = await facility.makeSite();
      const ask = (more: object) =>
        readReport(facility, logSheet, { siteIds: [london], ...DAY, ...more }, { clientId: client });
      const names = (field: string) => expect.objectContaining({ fields: [expect.objectContaining({ field })] });
      await expect(ask({ siteIds: [foreign] })).rejects.toEqual(names("siteIds"));
      await expect(ask({ assetIds: [await facility.makeAsset(foreign)] })).rejects.toEqual(names("assetIds"));
      const foreignSet = [await facility.makeChecklist(foreign, 1)];
      await expect(ask({ questionSetIds: foreignSet })).rejects.toEqual(names("questionSetIds"));
      await expect(ask({ assetTypeIds: [999_999_999] })).rejects.toEqual(names("assetTypeIds"));
      await expect(ask({ upto: "2026-05-01T00:00:00Z" })).rejects.toEqual(names("upto"));
    });
  });
});
