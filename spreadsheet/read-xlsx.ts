// XLSX files: each sheet is a table, its kind the sheet's name. Values as they are shown, formulas by their last result.
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import exceljs from "exceljs";
import { columnName, headOf, isEmpty, MAX_FILE_BYTES, MAX_ROWS, rowOf, SheetError, type SheetRow } from "./row.ts";

/** Rows of all sheets, one at a time. @throws SheetError. */
export async function* readXlsx(path: string): AsyncGenerator<SheetRow> {
  const file = basename(path);
  const { size } = await stat(path);
  if (size > MAX_FILE_BYTES)
    throw new SheetError(file, null, `is larger than ${MAX_FILE_BYTES / 1_000_000} MB; split it`);
  const workbook = new exceljs.Workbook();
  // Read as a whole: the library's streaming reader refuses files whose parts are not in one certain order, its own among
  // them. The limit on the file's size keeps it in bounds.
  await workbook.xlsx.readFile(path).catch((error: Error) => {
    throw new SheetError(file, null, `cannot be read as XLSX: ${error.message}`);
  });
  let rows = 0;
  for (const sheet of workbook.worksheets) {
    const place = `${file}, ${sheet.name}`;
    let head: string[] | undefined;
    for (const row of sheet.getRows(1, sheet.rowCount) ?? []) {
      const texts = cellsOf(place, row);
      if (head === undefined) {
        head = headOf(place, texts);
        continue;
      }
      if (++rows > MAX_ROWS) throw new SheetError(place, row.number, `has more than ${MAX_ROWS} rows; split it`);
      const read = rowOf(place, columnName(sheet.name), row.number, head, texts);
      if (!isEmpty(read)) yield read;
    }
  }
}

function cellsOf(place: string, row: exceljs.Row): string[] {
  const texts: string[] = [];
  row.eachCell({ includeEmpty: true }, (cell, number) => {
    texts[number - 1] = textOf(place, row.number, cell.value);
  });
  return Array.from(texts, (text) => text ?? "");
}

function textOf(place: string, line: number, value: exceljs.CellValue | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  // A date of a spreadsheet has no zone: it is what the clock on the wall shows.
  if (Object.prototype.toString.call(value) === "[object Date]") {
    return (value as Date).toISOString().replace(/(T00:00:00)?\.000Z$/, "");
  }
  if ("richText" in value) return value.richText.map(({ text }) => text).join("");
  if ("text" in value) return String(value.text);
  if ("error" in value) throw new SheetError(place, line, `has a cell with the error ${value.error}`);
  if ("result" in value) return textOf(place, line, value.result as exceljs.CellValue);
  return "";
}
