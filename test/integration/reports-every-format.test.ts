/** Every report of the catalogue, from the demo facility and a day's work in it, in every format it has, read back. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import exceljs from "exceljs";
import { parseParams } from "../../runtime/index.ts";
import { importsModule } from "../../services/imports/index.ts";
import { IMPORTERS } from "../../services/index.ts";
import { jobsModule } from "../../services/jobs/index.ts";
import { REPORTS } from "../../services/reports/catalogue/index.ts";
import type { Format } from "../../services/reports/document.ts";
import { openReader } from "../../services/reports/reader.ts";
import { openRenderer } from "../../services/reports/render/index.ts";
import { eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { insertRow, readReport } from "../support/report-documents.ts";
import { type RunningServices, startServices } from "../support/services.ts";

const DAY_MS = 86_400_000;
const iso = (instant: number) => new Date(instant).toISOString();

describe("the catalogue", () => {
  const renderer = openRenderer();
  let facility: Facility;
  let services: RunningServices;
  let folder = "";
  let client: number;
  const ids: Record<string, number> = {};
  const now = Date.now();
  const span = { from: iso(now - 2 * DAY_MS), upto: iso(now + 2 * DAY_MS) };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "apium-catalogue-"));
    facility = await openFacility("pglite");
    services = await startServices(facility.backend, {
      modules: [importsModule(IMPORTERS), jobsModule],
      environment: { DATA_DIR: folder },
    });
    await eventually(async () => (await facility.all("select 1 from task")).length === 0, 120_000);
    client = await facility.one<{ id: number }>("select id from site where kind = 'CLIENT'").then(({ id }) => id);
    await aDaysWork();
  });
  afterAll(async () => {
    await renderer.close();
    await services.stop();
    await facility.backend.close();
    rmSync(folder, { recursive: true });
  }, 400_000);

  async function aDaysWork(): Promise<void> {
    const run = (text: string) => facility.database.query(text);
    // Everything that is planned for the next hours was done, with answers; some late, some not.
    await run(`update jobneed set status = 'COMPLETED', started_at = plan_at, ended_at = plan_at + interval '9 minutes',
      performed_by_id = coalesce(person_id, 2) where identifier in ('TASK', 'PPM', 'SITEREPORT') and id % 3 > 0`);
    await run("update jobneed set status = 'AUTOCLOSED' where identifier = 'TASK' and id % 3 = 0");
    await run(`update jobneed_detail d set answer = case answer_type when 'NUMERIC' then '42' when 'RATING' then '4'
      when 'METERREADING' then '1234.567' else 'Yes' end`);
    // At the very instant whose day is asked for: a later one may be on the next day.
    await facility.database.query(
      `update jobneed set plan_at = $1::timestamptz, expiry_at = $1::timestamptz + interval '1 hour',
         started_at = $1::timestamptz, ended_at = $1::timestamptz where identifier = 'SITEREPORT'`,
      [iso(now)],
    );
    const route = await facility.one<{ id: number }>("select id from people_group where kind = 'SITEGROUP'");
    const set = await facility.one<{ id: number }>("select id from question_set where name = 'SITE REPORT'");
    const job = await facility.makeJob(1, { identifier: "EXTERNALTOUR", tour_frequency: 2, site_group_id: route.id });
    const tour = await facility.makeJobneed(1, {
      job_id: job,
      ...{
        identifier: "EXTERNALTOUR",
        status: "COMPLETED",
        plan_at: iso(now),
        started_at: iso(now),
        site_group_id: route.id,
      },
    });
    for (const [index, site] of [1, 2, 1, 2].entries()) {
      const at = iso(now + index * 600_000);
      const visit = await facility.makeJobneed(site, {
        ...{
          parent_id: tour,
          seqno: index + 1,
          identifier: "EXTERNALTOUR",
          status: "COMPLETED",
          question_set_id: set.id,
        },
        ...{
          started_at: at,
          ended_at: at,
          plan_at: at,
          performed_by_id: 2,
          site_group_id: route.id,
          client_id: client,
        },
      });
      await facility.database.query(
        `insert into jobneed_detail (client_id, jobneed_id, seqno, question_id, answer_type, answer)
         select m.client_id, $1::bigint, m.seqno, m.question_id, m.answer_type, 'Yes' from question_set_member m
         where m.question_set_id = $2::bigint`,
        [visit, set.id],
      );
    }
    const self = await insertRow(facility, "type_assist", {
      category: "PEOPLEEVENTTYPE",
      code: "SELF",
      name: "Self",
      client_id: client,
    });
    for (const person of [1, 2, 3]) {
      await insertRow(facility, "attendance_event", {
        ...{ client_id: client, site_id: 1, person_id: person, type_id: self },
        ...{ punched_in_at: iso(now - 8 * 3_600_000), punched_out_at: iso(now) },
      });
    }
    const vendor = await insertRow(facility, "vendor", { client_id: client, code: "V1", name: "Pump Works" });
    const order = (more: object) =>
      insertRow(facility, "work_order", { client_id: client, site_id: 1, vendor_id: vendor, ...more });
    await order({ number: "BLR-01#WO1", description: "Overhaul the fire pump", plan_at: iso(now) });
    ids.permit = await order({
      identifier: "WP",
      number: "BLR-01#WP1",
      description: "Hot work",
      permit_status: "APPROVED",
    });
    ids.review = await order({ identifier: "SLA", number: "BLR-01#SLA1", for_month: "2026-10-01" });
    for (const parent_id of [ids.permit, ids.review]) {
      const identifier = parent_id === ids.permit ? "WP" : "SLA";
      const section = await order({ parent_id, seqno: 1, identifier, description: "Section one", weightage: 100 });
      await insertRow(facility, "work_order_detail", {
        ...{ client_id: client, work_order_id: section, seqno: 1, question_id: 1, answer_type: "NUMERIC", answer: "8" },
        max_value: 10,
      });
    }
  }

  function paramsOf(key: string): object {
    if (key === "SITEREPORT" || key === "RP_SITEVISITREPORT") return { siteGroupIds: "all", ...span };
    if (key === "SITEVISITREPORT")
      return { siteIds: [1], date: new Date(now + 5.5 * 3_600_000).toISOString().slice(0, 10) };
    if (key === "PPMSUMMARY") return { siteIds: "all", ...span, upto: iso(now + 20 * DAY_MS) };
    if (key.endsWith("QR")) return { siteIds: "all", size: "S" };
    if (key === "WORKPERMIT") return { workOrderId: ids.permit };
    if (key === "SERVICELEVELAGREEMENT") return { workOrderId: ids.review };
    return { siteIds: "all", ...span };
  }

  const dynamic = new Set(["DYNAMICTOURLIST", "DYNAMICDETAILEDTOURSUMMARY", "DYNAMICTOURDETAILS"]);

  test.each(REPORTS.map((report) => [report.key, report] as const))(
    "%s",
    async (key, report) => {
      const asked = paramsOf(key);
      const expected = await readReport(facility, report, asked, { clientId: client, now });
      if (!dynamic.has(key)) expect(expected.rows.length).toBeGreaterThan(0);
      const params = parseParams(report.params, asked);
      const texts = textsOf(expected.sections);
      for (const format of report.formats) {
        const document = await report.document(
          { params, scope: { clientId: client }, now },
          openReader(facility.database),
        );
        const file = join(folder, `${key}.${format}`);
        const made = await renderer.render(document, format, file);
        expect([format, made.rows]).toEqual([format, expected.rows.length]);
        const words = await wordsIn(file, format);
        // Where a cell is drawn, a longer text is broken into lines between those of its neighbours.
        const sought = format === "pdf" ? texts.filter((text) => /^\S{1,10}$/.test(text)) : texts;
        expect([format, sought.filter((text) => !words.includes(squeezed(text)))]).toEqual([format, []]);
        expect(words).toContain(squeezed(report.title));
      }
    },
    180_000,
  );
});

/** What a reader must find again: of tables, their text; of forms and codes, everything. */
function textsOf(sections: Awaited<ReturnType<typeof readReport>>["sections"]): string[] {
  const texts = sections.flatMap((section) => {
    const fields =
      section.kind === "table"
        ? section.columns.filter(({ kind }) => kind === "text").map(({ key }) => key)
        : section.kind === "codes"
          ? ["code", "name"]
          : section.kind === "form"
            ? ["label", "value"]
            : ["role", "name"];
    return section.read.flatMap((row) => fields.map((field) => row[field]));
  });
  return [...new Set(texts.filter((text): text is string => typeof text === "string" && text !== ""))];
}

const squeezed = (text: string) => text.replaceAll(/\s+/g, "");

/** All text of a file as another program reads it, without spaces. */
async function wordsIn(file: string, format: Format): Promise<string> {
  if (format === "json") return squeezed(Object.values(flat(JSON.parse(readFileSync(file, "utf8")))).join("\n"));
  if (format === "csv") {
    const lines = parse(readFileSync(file), { bom: true, relax_column_count: true }) as string[][];
    return squeezed(lines.flat().join("\n"));
  }
  if (format === "xlsx") {
    const book = new exceljs.Workbook();
    await book.xlsx.readFile(file);
    const values: string[] = [];
    for (const sheet of book.worksheets) sheet.eachRow((row) => row.eachCell((cell) => void values.push(cell.text)));
    return squeezed(values.join("\n"));
  }
  if (format === "html") {
    const text = readFileSync(file, "utf8").replaceAll(/<style[\s\S]*?<\/style>|<[^>]*>/g, " ");
    return squeezed(
      text
        .replaceAll("&amp;", "&")
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll(/&#39;|&#x27;/g, "'"),
    );
  }
  return squeezed(execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" }));
}

function flat(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [String(value)];
  return Object.values(value).flatMap(flat);
}
