/** Reports as files of every format, read back by other programs than the one that wrote them. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import exceljs from "exceljs";
import {
  type Cell,
  type Column,
  FORMATS,
  type Format,
  type ReportDocument,
  type Row,
  type Section,
} from "../../services/reports/document.ts";
import { openRenderer } from "../../services/reports/render/index.ts";
import { PartFile } from "../../services/reports/render/part-file.ts";
import { openXlsxWriter } from "../../services/reports/render/xlsx/xlsx-writer.ts";
import type { Rendered } from "../../services/reports/rendering.ts";

const renderer = openRenderer();
const HAS_PDFTOTEXT = spawnSync("pdftotext", ["-v"]).error === undefined;
/** What other programs may fall over, or obey. */
const HOSTILE = [
  '=HYPERLINK("http://evil.example","x")',
  "+1+cmd|' /C calc'!A0",
  "-2+3",
  "@SUM(A1:A9)",
  "\t=1",
  "\r=1",
  "＝1+1",
  "<script>alert(1)</script>",
  "</svg></table><img src=x onerror=alert(1)>",
  "a\0b\u0007c\u001b[31m",
  "\ud800 half",
  "שלום العربية",
  "😀👩‍👩‍👧 क्षत्रिय",
  'quote " comma , semicolon ; line\nbreak',
  "_x0041_",
  "x".repeat(10_000),
  "many words ".repeat(900),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of others'.
  "{{7*7}} ${1} %s \\n ]]> &amp;",
];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "apium-render-"));
});
afterAll(async () => {
  await renderer.close();
  rmSync(folder, { recursive: true });
});

const COLUMNS: readonly Column[] = [
  { key: "site", title: "Site", kind: "text" },
  { key: "planned", title: "Planned at", kind: "instant", zoneKey: "zone" },
  { key: "day", title: "Day", kind: "date" },
  { key: "count", title: "Tasks", kind: "integer" },
  { key: "share", title: "Completed", kind: "percent" },
  { key: "minutes", title: "Duration", kind: "minutes" },
  { key: "status", title: "Status", kind: "status", toneKey: "tone" },
];
const ROWS: readonly Row[] = [
  {
    site: "Phoenix Mall",
    planned: "2026-01-05T06:20:00Z",
    zone: "Asia/Kolkata",
    day: "2026-01-05",
    count: 1_234,
    share: 97.5,
    minutes: 90,
    status: "COMPLETED",
    tone: "good",
  },
  { site: "Canary Wharf", planned: "2026-01-05T06:20:00Z", zone: "Europe/London", count: -3, status: "AUTOCLOSED" },
];
const TABLE: Section = {
  kind: "table",
  columns: COLUMNS,
  rows: [ROWS],
  totals: () => ({ site: "Total", count: 1_231 }),
};

function document(given: Partial<ReportDocument> = {}): ReportDocument {
  return {
    title: "Task Summary",
    clientName: "Client & Sons",
    facts: [{ label: "From", value: "01 Jan 2026" }],
    timezone: "Asia/Kolkata",
    generatedAt: "2026-01-05T06:20:00Z",
    sections: [TABLE],
    ...given,
  };
}

let files = 0;
async function render(format: Format, given: Partial<ReportDocument> = {}): Promise<Rendered & { file: string }> {
  const file = join(folder, `${files++}.${format}`);
  return { file, ...(await renderer.render(document(given), format, file)) };
}
const textOf = async (format: Format, given?: Partial<ReportDocument>) =>
  readFileSync((await render(format, given)).file, "utf8");
const hostileTable = (values: readonly Cell[]): Section => ({
  kind: "table",
  heading: "</h2><script>",
  columns: [{ key: "v", title: "=V", kind: "text" }],
  rows: [values.map((v) => ({ v }))],
});
async function workbook(file: string): Promise<exceljs.Workbook> {
  const book = new exceljs.Workbook();
  await book.xlsx.readFile(file);
  return book;
}

describe("CSV", () => {
  const read = (text: string): string[][] =>
    parse(text, { bom: true, relax_column_count: true, skip_empty_lines: false });

  test("begins with what Excel knows UTF-8 by, and the facts; then titles, local times, totals", async () => {
    const text = await textOf("csv");
    expect(text.startsWith("\uFEFF")).toBe(true);
    expect(read(text)).toEqual([
      ["Client: Client & Sons; Report: Task Summary; From: 01 Jan 2026"],
      ["Site", "Planned at", "Day", "Tasks", "Completed", "Duration", "Status"],
      ["Phoenix Mall", "2026-01-05 11:50:00", "2026-01-05", "1234", "97.5", "90", "COMPLETED"],
      ["Canary Wharf", "2026-01-05 06:20:00", "", "-3", "", "", "AUTOCLOSED"],
      ["Total", "", "", "1231", "", "", ""],
    ]);
  });

  test("has no first line without facts, and an empty line between sections", async () => {
    const rows = read(await textOf("csv", { facts: [], sections: [TABLE, { ...TABLE, heading: "More" }] }));
    expect(rows[0]).toEqual(COLUMNS.map(({ title }) => title));
    expect(rows.slice(4, 6)).toEqual([[""], ["More"]]);
  });

  test("keeps every text from being calculated, and leaves numbers alone", async () => {
    const numbers = ["-5.25", "+919876543210", "-1e3"];
    const rows = read(await textOf("csv", { facts: [], sections: [hostileTable([...HOSTILE, ...numbers])] }));
    const cells = rows.flat();
    expect(cells).toHaveLength(2 + HOSTILE.length + numbers.length);
    expect(cells[1]).toBe("'=V");
    for (const cell of cells.slice(2, -numbers.length)) expect(cell).not.toMatch(/^[=+\-@\t\r＝]/);
    expect(cells.slice(-numbers.length)).toEqual(numbers);
    expect(cells.join("")).not.toContain("\0");
  });
});

describe("JSON", () => {
  test("says all the document says, instants in UTC", async () => {
    expect(JSON.parse(await textOf("json"))).toMatchObject({
      title: "Task Summary",
      timezone: "Asia/Kolkata",
      generatedAt: "2026-01-05T06:20:00Z",
      facts: [{ label: "From", value: "01 Jan 2026" }],
      sections: [
        { heading: null, columns: [{ key: "site" }, {}, {}, {}, {}, {}, {}], rows: ROWS, totals: { count: 1_231 } },
      ],
    });
  });

  test("is valid and exact whatever the cells hold, in many batches and sections", async () => {
    const rows = Array.from({ length: 5 }, () => HOSTILE.map((v) => ({ v })));
    const section: Section = {
      ...hostileTable([]),
      kind: "table",
      columns: [{ key: "v", title: "", kind: "text" }],
      rows,
    };
    const read = JSON.parse(await textOf("json", { sections: [section, section] }));
    expect(read.sections).toHaveLength(2);
    expect(read.sections[1].rows).toEqual(rows.flat());
  });
});

describe("HTML", () => {
  test("holds no markup that came from outside, and needs nothing from anywhere", async () => {
    const bad = "<script>alert(1)</script>";
    const text = await textOf("html", {
      title: bad,
      subtitle: bad,
      clientName: `"><img src=x onerror=alert(1)>`,
      facts: [{ label: bad, value: bad }],
      sections: [
        {
          ...hostileTable(HOSTILE),
          kind: "table",
          columns: [{ key: "v", title: bad, kind: "status" }],
          facts: [{ label: bad, value: bad }],
        },
        {
          ...TABLE,
          chart: {
            kind: "bar",
            title: bad,
            categories: [bad],
            series: [
              { name: bad, values: [1] },
              { name: bad, values: [2] },
            ],
          },
        },
        { kind: "form", note: bad, rows: [[{ label: bad, value: bad }]] },
        { kind: "signatures", rows: [[{ role: bad, name: bad, state: bad, at: bad }]] },
        { kind: "codes", size: "S", rows: [[{ payload: bad, code: bad, name: bad }]] },
      ],
    });
    expect(text).not.toMatch(/<script|<img|onerror=alert\(1\)>(?!&)[^<]*<\/h|https?:\/\/(?!evil)/);
    expect(text.match(/<[a-z][^>]*onerror/)).toBeNull();
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text.match(/<svg/g)).toHaveLength(2);
    expect(text).toContain("default-src 'none'");
  });

  test("closes what it opens", async () => {
    const text = await textOf("html", { sections: [TABLE, { kind: "table", columns: COLUMNS, rows: [] }, TABLE] });
    for (const name of ["table", "tbody", "tfoot", "section", "tr", "td", "div", "body", "html"]) {
      expect(text.match(new RegExp(`<${name}[ >]`, "g"))).toHaveLength(
        text.match(new RegExp(`</${name}>`, "g"))?.length ?? -1,
      );
    }
    expect(text).toContain("No data for this period");
  });
});

describe("XLSX", () => {
  test("has real numbers and dates below a header that is frozen and can be filtered", async () => {
    const book = await workbook((await render("xlsx")).file);
    const [sheet] = book.worksheets;
    const view = sheet?.views[0];
    const header = view?.state === "frozen" ? (view.ySplit ?? 0) : 0;
    const seen = (row: number, column: number) => {
      const { value, numFmt, font, fill } = sheet?.getCell(header + row, column) ?? {};
      return { value, numFmt, font, fill };
    };
    expect(sheet?.getCell(1, 1).value).toBe("Task Summary");
    expect(seen(0, 1)).toMatchObject({
      value: "Site",
      fill: { fgColor: { argb: "FF01579B" } },
      font: { bold: true, color: { argb: "FFFFFFFF" } },
    });
    expect(seen(1, 2).value).toEqual(new Date("2026-01-05T11:50:00Z"));
    expect(seen(2, 2).value).toEqual(new Date("2026-01-05T06:20:00Z"));
    expect(seen(1, 3).value).toEqual(new Date("2026-01-05T00:00:00Z"));
    expect(seen(1, 4)).toMatchObject({ value: 1_234, numFmt: "#,##0" });
    expect(seen(1, 5)).toMatchObject({ value: 0.975, numFmt: "0.0%" });
    // The reader takes a duration for a time of Excel's day nought.
    expect(seen(1, 6)).toMatchObject({ value: new Date("1899-12-30T01:30:00Z"), numFmt: "[h]:mm" });
    expect(seen(1, 7)).toMatchObject({ value: "COMPLETED", fill: { fgColor: { argb: "FFE0F2E5" } } });
    expect(seen(2, 5).value).toBeNull();
    expect(seen(3, 1)).toMatchObject({ value: "Total", font: { bold: true } });
    expect(sheet?.autoFilter).toBe(`A${header}:G${header + 2}`);
  });

  test("never has a formula, and keeps hostile texts as texts", async () => {
    const { file } = await render("xlsx", { title: "=1+1", sections: [hostileTable(HOSTILE)] });
    const values: unknown[] = [];
    (await workbook(file)).eachSheet((sheet) =>
      sheet.eachRow((row) =>
        row.eachCell((cell) => {
          expect(cell.type).not.toBe(exceljs.ValueType.Formula);
          values.push(cell.value);
        }),
      ),
    );
    expect(values).toEqual(
      expect.arrayContaining(["=1+1", HOSTILE[0], "-2+3", "x".repeat(10_000), "😀👩‍👩‍👧 क्षत्रिय", "abc[31m"]),
    );
  });

  test("gives each section a sheet, and the charts' figures one at the end", async () => {
    const chart = {
      kind: "line",
      title: "Trend",
      categories: ["Mon", "Tue"],
      series: [{ name: "Done", values: [1, 2] }],
    } as const;
    const sections: Section[] = [
      { ...TABLE, heading: "By site", chart },
      { ...TABLE, heading: "By site" },
      { kind: "form", rows: [[{ label: "Place", value: "Terrace" }]] },
    ];
    const book = await workbook((await render("xlsx", { sections })).file);
    expect(book.worksheets.map(({ name }) => name)).toEqual([
      "By site",
      "By site (2)",
      "Section 3",
      "Figures of charts",
    ]);
    expect(book.worksheets[3]?.getSheetValues().flat()).toEqual(expect.arrayContaining(["Trend", "Mon", 1, "Tue", 2]));
    const [first] = book.worksheets;
    const view = first?.views[0];
    expect(first?.getCell(view?.state === "frozen" ? (view.ySplit ?? 0) : 0, 1).value).toBe("Site");
  });

  test("goes on on the next sheet where one is full", async () => {
    const file = new PartFile(join(folder, "full.xlsx"), 2 ** 20);
    const writer = openXlsxWriter(file, 30);
    const { sections: _, ...head } = document();
    await writer.begin(head);
    await writer.section({ kind: "table", columns: [{ key: "n", title: "N", kind: "integer" }] });
    await writer.rows(Array.from({ length: 70 }, (_, n) => ({ n })));
    await writer.sectionEnd({ n: 2_415 });
    await writer.end();
    await file.close();
    const { worksheets } = await workbook(join(folder, "full.xlsx"));
    const numbers = worksheets
      .flatMap((sheet) => sheet.getSheetValues().flat())
      .filter((value) => typeof value === "number");
    expect(worksheets.map(({ rowCount }) => rowCount)).toEqual([30, 30, 17]);
    expect(numbers).toEqual([...Array(70).keys(), 2_415]);
  });
});

describe("PDF", () => {
  const pagesOf = (file: string) => readFileSync(file, "latin1").match(/\/Type \/Page\n/g)?.length;

  test("is whole: its last lines lead to its table of objects, and it has the pages it says", async () => {
    const rows = Array.from({ length: 20 }, () => Array.from({ length: 50 }, () => ROWS[0] as Row));
    const { file, pages } = await render("pdf", { sections: [{ ...TABLE, rows }] });
    const bytes = readFileSync(file, "latin1");
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(bytes)?.[1]);
    expect(bytes.slice(start, start + 4)).toBe("xref");
    expect(pages).toBeGreaterThan(10);
    expect(pagesOf(file)).toBe(pages);
  });

  test("is whole with thousands of pages, whose numbers are written last", async () => {
    const rows = [Array.from({ length: 3_000 }, () => ({ v: "line\n".repeat(50) }))];
    const columns = [{ key: "v", title: "V", kind: "text" }] as const;
    const { file, pages } = await render("pdf", { sections: [{ kind: "table", columns, rows }] });
    expect(pages).toBeGreaterThanOrEqual(3_000);
    expect(readFileSync(file, "latin1").endsWith("%%EOF\n")).toBe(true);
    expect(pagesOf(file)).toBe(pages);
  });

  if (!HAS_PDFTOTEXT) test.skip("its words: needs pdftotext (apt-get install poppler-utils)", () => undefined);
  const read = (file: string) =>
    execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8", maxBuffer: 2 ** 26 });
  const testText = HAS_PDFTOTEXT ? test : test.skip;

  testText("numbers its pages, and repeats the header on each", async () => {
    const rows = [Array.from({ length: 300 }, (_, count) => ({ ...ROWS[0], count }))];
    const { file, pages } = await render("pdf", { sections: [{ ...TABLE, rows }] });
    const sheets = read(file).split("\f").slice(0, -1);
    expect(sheets).toHaveLength(pages ?? 0);
    for (const [index, sheet] of sheets.entries()) {
      expect(sheet).toContain(`Page ${index + 1} of ${pages}`);
      expect(sheet).toMatch(/Site +Planned at +Day +Tasks/);
      expect(sheet).toContain("Client & Sons · Task Summary · generated 05 Jan 2026, 11:50 (Asia/Kolkata)");
    }
    const counts = sheets.flatMap((sheet) =>
      [...sheet.matchAll(/05 Jan 2026 +(\d+) +97\.5%/g)].map(([, count]) => Number(count)),
    );
    expect(counts).toEqual([...Array(300).keys()]);
  });

  testText("breaks a row that is taller than a page, and loses none of it", async () => {
    const words = Array.from({ length: 6_000 }, (_, index) => `w${index}`);
    const columns = [{ key: "v", title: "V", kind: "text" }] as const;
    const { file, pages } = await render("pdf", {
      sections: [{ kind: "table", columns, rows: [[{ v: words.join(" ") }]] }],
    });
    expect(pages).toBeGreaterThan(2);
    expect(read(file).match(/\bw\d+\b/g)).toEqual(words);
  });

  testText("shows names of many scripts, forms, signatures and codes", async () => {
    const { file } = await render("pdf", {
      sections: [
        hostileTable(["José Łukasz", "Θεόδωρος", "Дмитрий", "Nguyễn", "₹ 1,20,000", "CO₂"]),
        {
          kind: "form",
          note: "Keep it.",
          rows: [
            [
              { label: "Place", value: "Terrace" },
              { label: "Precautions", value: "word ".repeat(80) },
            ],
          ],
        },
        {
          kind: "signatures",
          rows: [[{ role: "Safety officer", name: "Anita", state: "APPROVED", at: "2026-01-05T06:20:00Z" }]],
        },
        { kind: "codes", size: "M", rows: [[{ payload: "PHX-1", code: "PHX-1", name: "Main gate" }]] },
      ],
    });
    const text = read(file);
    const expected = [
      "José Łukasz",
      "Θεόδωρος",
      "Дмитрий",
      "Nguyễn",
      "₹ 1,20,000",
      "CO2",
      "Keep it.",
      "Terrace",
      "Anita",
      "APPROVED",
      "05 Jan 2026, 11:50",
      "PHX-1",
      "Main gate",
    ];
    for (const word of expected) expect(text).toContain(word);
  });

  testText("survives hostile texts, and a logo that is none", async () => {
    const logo = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
    const { file } = await render("pdf", { logo, title: "x".repeat(5_000), sections: [hostileTable(HOSTILE)] });
    expect(read(file)).toContain("Client & Sons");
  });
});

describe("every format", () => {
  test.each(FORMATS)("%s: a report without sections, and sections without rows", async (format) => {
    expect(await render(format, { sections: [] })).toMatchObject({ rows: 0 });
    const kinds: Section[] = [
      { kind: "table", columns: COLUMNS, rows: [] },
      { kind: "codes", size: "L", rows: [[]] },
      { kind: "form", rows: [] },
      { kind: "signatures", rows: [] },
    ];
    expect(await render(format, { sections: kinds })).toMatchObject({ rows: 0, pages: format === "pdf" ? 1 : null });
  });

  test.each(FORMATS)("%s: three hundred sections, and a batch of thousands of rows", async (format) => {
    const sections = Array.from({ length: 300 }, (_, index) => ({
      ...TABLE,
      heading: `Section ${index}`,
      rows: [ROWS],
    }));
    expect(await render(format, { sections })).toMatchObject({ rows: 600 });
    const rows = [Array.from({ length: 4_500 }, () => ROWS[0] as Row)];
    expect(await render(format, { sections: [{ ...TABLE, rows }] })).toMatchObject({ rows: 4_500 });
  });
});
