// CSV files: comma or semicolon, quotes, any line ends, UTF-8 with or without its mark.
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { type CsvError, parse } from "csv-parse";
import { columnName, headOf, isEmpty, MAX_FILE_BYTES, MAX_ROWS, rowOf, SheetError, type SheetRow } from "./row.ts";

/** Rows of a file, one at a time. The kind is the file's name. @throws SheetError. */
export async function* readCsv(path: string): AsyncGenerator<SheetRow> {
  const file = basename(path);
  const { size } = await stat(path);
  if (size > MAX_FILE_BYTES)
    throw new SheetError(file, null, `is larger than ${MAX_FILE_BYTES / 1_000_000} MB; split it`);
  const kind = columnName(file.replace(/\.csv$/i, ""));
  const source = createReadStream(path);
  const parser = source.pipe(
    parse({
      bom: true,
      delimiter: await delimiterOf(path),
      relax_column_count: true,
      max_record_size: 1_000_000,
    }),
  );
  source.on("error", (error) => parser.destroy(error));
  let head: string[] | undefined;
  let line = 1;
  let rows = 0;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      const texts = record.map((text) => validText(file, line, text));
      if (head === undefined) head = headOf(file, texts);
      else {
        if (++rows > MAX_ROWS) throw new SheetError(file, line, `has more than ${MAX_ROWS} rows; split it`);
        const row = rowOf(file, kind, line, head, texts);
        if (!isEmpty(row)) yield row;
      }
      line += 1 + texts.reduce((breaks, text) => breaks + (text.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
    }
  } catch (error) {
    const { code, lines, message } = error as CsvError & { lines?: number };
    if (typeof code === "string" && code.startsWith("CSV_")) throw new SheetError(file, lines ?? line, message);
    throw error;
  }
  if (head === undefined) throw new SheetError(file, 1, "is empty: the first line names the columns");
}

/** The replacement character is what a wrong encoding leaves behind. */
function validText(file: string, line: number, text: string): string {
  if (text.includes("\uFFFD")) throw new SheetError(file, line, 'is not UTF-8: save it as "CSV UTF-8"');
  if (text.includes("\0")) throw new SheetError(file, line, "contains NUL: is it a CSV file?");
  return text;
}

/** Spreadsheets of much of Europe write semicolons. Whichever the head has more of. */
async function delimiterOf(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(10_000), 0, 10_000, 0);
    const [head = ""] = buffer.toString("utf8", 0, bytesRead).split(/\r?\n/, 1);
    return head.split(";").length > head.split(",").length ? ";" : ",";
  } finally {
    await handle.close();
  }
}
