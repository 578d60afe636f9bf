/** Table files as they come from people's spreadsheets: what is read, and what is refused with its place. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import exceljs from "exceljs";
import { readFiles, type SheetError, type SheetRow, tableFiles } from "../../spreadsheet/index.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "apium-sheets-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
async function read(...paths: string[]): Promise<SheetRow[]> {
  const rows: SheetRow[] = [];
  for await (const row of readFiles(paths)) rows.push(row);
  return rows;
}
const refusal = (path: string): Promise<SheetError> =>
  read(path).then(
    () => Promise.reject(new Error("was read")),
    (error: SheetError) => error,
  );

describe("CSV", () => {
  test("rows by column, with the line an editor shows, whatever is quoted", async () => {
    const path = file(
      "people.csv",
      '\uFEFFCode,"Full Name",note\r\n\r\nP1,"Ann ""A""","two\r\nlines"\r\nP2,Bob,\r\n,,\r\n',
    );
    expect(await read(path)).toEqual([
      {
        file: "people.csv",
        kind: "people",
        line: 3,
        cells: { code: "P1", full_name: 'Ann "A"', note: "two\r\nlines" },
      },
      { file: "people.csv", kind: "people", line: 5, cells: { code: "P2", full_name: "Bob", note: "" } },
    ]);
  });

  test("semicolons are read as well, and a text that looks like a formula is a text", async () => {
    const [row] = await read(file("sites.csv", "code;name\nS1;=cmd|' /C calc'!A0\n"));
    expect(row?.cells).toEqual({ code: "S1", name: "=cmd|' /C calc'!A0" });
  });

  test.each([
    ["an empty file", "", 1, /is empty/],
    ["a column named twice", "code,name,Code\n1,2,3\n", 1, /column code stands there twice/],
    ["a cell too many", "code,name\na,b\nc,d,e\n", 3, /has 3 cells, the head has 2/],
    ["a value without a title", "code,\na,b\n", 2, /column 2 has a value and no title/],
    ["quotes that do not end", 'code,name\na,"b\n', null, /[Qq]uote/],
    ["another encoding", Buffer.from("code,name\na,M\xfcller\n", "latin1"), 2, /is not UTF-8/],
    ["NUL", "code,name\na,b\0c\n", 2, /contains NUL/],
    ["a cell of 21 000 characters", `code,name\na,${"x".repeat(21_000)}\n`, 2, /name has 21000 characters/],
  ])("refuses %s, with its line", async (_what, content, line, message) => {
    const error = await refusal(file("bad.csv", content));
    expect(error.file).toBe("bad.csv");
    expect(error.message).toMatch(message);
    if (line !== null) expect(error.line).toBe(line);
  });
});

describe("XLSX", () => {
  test("each sheet is a table; values as they are shown", async () => {
    const book = new exceljs.Workbook();
    const people = book.addWorksheet("People");
    people.addRow(["Code", "Name", "Since", "At", "Share", "Sum"]);
    people.addRow([
      7,
      { richText: [{ text: "An" }, { text: "n" }] },
      new Date("2026-01-31"),
      new Date("2026-01-31T08:30:00Z"),
    ]);
    people.getCell("E2").value = 12.5;
    people.getCell("F2").value = { formula: "1+1", result: 2 };
    book.addWorksheet("site groups").addRows([
      ["group", "site"],
      ["Route", "S1"],
    ]);
    const path = join(folder, "facility.xlsx");
    await book.xlsx.writeFile(path);
    expect(await read(path)).toEqual([
      {
        file: "facility.xlsx, People",
        kind: "people",
        line: 2,
        cells: { code: "7", name: "Ann", since: "2026-01-31", at: "2026-01-31T08:30:00", share: "12.5", sum: "2" },
      },
      { file: "facility.xlsx, site groups", kind: "site_groups", line: 2, cells: { group: "Route", site: "S1" } },
    ]);
  });

  test("what is no workbook is refused", async () => {
    expect((await refusal(file("no.xlsx", "PK nonsense"))).message).toMatch(/cannot be read as XLSX/);
  });
});

describe("files and folders", () => {
  test("a folder's tables, in order; CSV before a workbook of the same", async () => {
    const demo = join(import.meta.dirname, "../../examples/demo-facility");
    const names = (await tableFiles([demo])).map((path) => path.slice(demo.length + 1));
    expect(names).toContain("people.csv");
    expect(names).not.toContain("demo-facility.xlsx");
  });

  test("the demo's workbook says the same as its files", async () => {
    const demo = join(import.meta.dirname, "../../examples/demo-facility");
    const bare = (rows: SheetRow[]) =>
      rows
        .map(({ kind, line, cells }) =>
          JSON.stringify([
            kind,
            line,
            Object.entries(cells)
              .filter(([, text]) => text !== "")
              .map(([name, text]) => [name, /^-?\d+\.\d+$/.test(text) ? Number(text) : text]),
          ]),
        )
        .sort();
    expect(bare(await read(join(demo, "demo-facility.xlsx")))).toEqual(bare(await read(...(await tableFiles([demo])))));
  });

  test("what is not there, or no table, is refused by name", async () => {
    await expect(tableFiles([join(folder, "none.csv")])).rejects.toMatchObject({ message: "is not there" });
    await expect(tableFiles([file("x.pdf", "")])).rejects.toMatchObject({ message: /neither/ });
  });
});
