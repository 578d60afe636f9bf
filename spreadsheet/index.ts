export { readFiles, tableFiles } from "./read-files.ts";
export { SheetError, type SheetRow } from "./row.ts";
