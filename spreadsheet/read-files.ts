// Everything there is to read in files and folders, in the order of their names.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readCsv } from "./read-csv.ts";
import { SheetError, type SheetRow } from "./row.ts";

/** The table files among these paths; of a folder, those in it. @throws SheetError for what is neither CSV nor XLSX. */
export async function tableFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) throw new SheetError(path, null, "is not there");
    if (!found.isDirectory()) {
      if (!isTable(path)) throw new SheetError(path, null, "is neither a .csv nor an .xlsx file");
      files.push(path);
      continue;
    }
    const inside = (await readdir(path)).filter(isTable).sort();
    // A folder that has both is one facility in two forms.
    const csv = inside.filter((name) => /\.csv$/i.test(name));
    files.push(...(csv.length > 0 ? csv : inside).map((name) => join(path, name)));
    if (inside.length === 0) throw new SheetError(path, null, "has no .csv or .xlsx file in it");
  }
  return files;
}

/** @throws SheetError. */
export async function* readFiles(files: readonly string[]): AsyncGenerator<SheetRow> {
  for (const file of files) {
    if (/\.csv$/i.test(file)) yield* readCsv(file);
    else {
      // Loading what reads workbooks takes longer than all else that a command of the command line does.
      const { readXlsx } = await import("./read-xlsx.ts");
      yield* readXlsx(file);
    }
  }
}

function isTable(path: string): boolean {
  return /\.(csv|xlsx)$/i.test(path);
}
