// The port to what makes a file of a document.
import type { Format, ReportDocument } from "./document.ts";

export interface Rendered {
  readonly bytes: number;
  /** Rows of all sections; none is "no data". */
  readonly rows: number;
  readonly pages: number | null;
}

export interface RenderLimits {
  /** The render is ended after this long. */
  readonly timeMs: number;
  /** Heap of the render's thread. */
  readonly memoryMb: number;
  /** Of the file; disks are not endless. */
  readonly bytes: number;
}

export interface Renderer {
  /**
   * Writes the document into `file`, whole or not at all (a temporary name beside it until it is complete).
   * @throws ApiumError `REPORT_TOO_LARGE`, `REPORT_TIMEOUT`, `REPORT_RENDER_FAILED`; what the rows throw; the signal's reason.
   */
  render(
    document: ReportDocument,
    format: Format,
    file: string,
    options?: {
      readonly signal?: AbortSignal;
      readonly onRows?: (rows: number) => void;
      readonly limits?: Partial<RenderLimits>;
    },
  ): Promise<Rendered>;
  close(): Promise<void>;
}
