// Rows of a table file, and where each cell stands, so that whatever is wrong with one can be found again.

export interface SheetRow {
  /** The file as it was given, with the sheet where it has several: `facility.xlsx, people`. */
  readonly file: string;
  /** What the rows are of: the name of the file, or of the sheet, as a kind: `site_groups`. */
  readonly kind: string;
  /** As an editor counts, the head is 1. Of a cell with line breaks, the first. */
  readonly line: number;
  /** By the head's names, in the form of `columnName`. Cells beyond the head are not there. */
  readonly cells: Readonly<Record<string, string>>;
}

/** A file that cannot be read as a table. */
export class SheetError extends Error {
  readonly file: string;
  readonly line: number | null;

  constructor(file: string, line: number | null, message: string) {
    super(message);
    this.file = file;
    this.line = line;
  }
}

export const MAX_FILE_BYTES = 20_000_000;
export const MAX_ROWS = 200_000;
export const MAX_CELL_CHARACTERS = 20_000;

/** "Site Code" and "site-code" are `site_code`. */
export function columnName(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_")
    .replaceAll(/^_+|_+$/g, "");
}

/** Cells by name. @throws SheetError for a head that names a column twice, and for cells that no text should be. */
export function rowOf(
  file: string,
  kind: string,
  line: number,
  head: readonly string[],
  texts: readonly string[],
): SheetRow {
  const cells: Record<string, string> = {};
  for (const [index, name] of head.entries()) {
    const text = texts[index] ?? "";
    if (name === "") {
      if (text.trim() !== "") throw new SheetError(file, line, `column ${index + 1} has a value and no title`);
      continue;
    }
    if (text.length > MAX_CELL_CHARACTERS) {
      throw new SheetError(file, line, `${name} has ${text.length} characters; ${MAX_CELL_CHARACTERS} are allowed`);
    }
    cells[name] = text;
  }
  if (texts.slice(head.length).some((text) => text.trim() !== "")) {
    throw new SheetError(
      file,
      line,
      `has ${texts.length} cells, the head has ${head.length}: is a comma not in quotes?`,
    );
  }
  return { file, kind, line, cells };
}

/** The titles of a table. @throws SheetError for one that stands there twice. */
export function headOf(file: string, texts: readonly string[]): string[] {
  const head = texts.map(columnName);
  const twice = head.find((name, index) => name !== "" && head.indexOf(name) !== index);
  if (twice !== undefined) throw new SheetError(file, 1, `the column ${twice} stands there twice`);
  if (head.every((name) => name === ""))
    throw new SheetError(file, 1, "there is no head: the first line names the columns");
  return head;
}

export function isEmpty(row: SheetRow): boolean {
  return Object.values(row.cells).every((text) => text.trim() === "");
}
