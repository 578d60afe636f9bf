// The port to a file format. Calls come one after another: begin; for each section its head, batches of rows, its end;
// end. A writer writes as it goes, keeps no rows, and waits for the disk (`PartFile.print`, `PartFile.settled`).
import type { DocumentHead, Row } from "../document.ts";
import type { SectionHead } from "./messages.ts";
import type { PartFile } from "./part-file.ts";

export interface FormatWriter {
  begin(head: DocumentHead): Promise<void>;
  section(head: SectionHead): Promise<void>;
  rows(rows: readonly Row[]): Promise<void>;
  sectionEnd(totals: Row | undefined): Promise<void>;
  /** The last byte has been handed to the file, which the caller closes. Tells the number of pages, where there are any. */
  end(): Promise<number | null>;
}

export type OpenWriter = (file: PartFile) => FormatWriter;
