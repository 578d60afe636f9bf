// One render from its start to its end: the thread draws into a temporary file, the document is read and fed to it, and
// the file gets its name once it is complete. Whatever ends it early, the thread is gone and the temporary file removed
// before the error is thrown.
import { rename, rm } from "node:fs/promises";
import { ApiumError } from "../../../runtime/index.ts";
import type { Format, ReportDocument } from "../document.ts";
import type { Rendered, RenderLimits } from "../rendering.ts";
import { type DrawingThread, startThread } from "./drawing-thread.ts";
import { Ending } from "./ending.ts";
import { feed } from "./feed.ts";
import { documentHead } from "./messages.ts";

export interface RenderJob {
  readonly document: ReportDocument;
  readonly format: Format;
  readonly file: string;
  readonly limits: RenderLimits;
  readonly signal: AbortSignal;
  readonly onRows: ((rows: number) => void) | undefined;
}

/** @throws as `Renderer.render`. */
export async function render({ document, format, file, limits, signal, onRows }: RenderJob): Promise<Rendered> {
  signal.throwIfAborted();
  const part = `${file}.part`;
  const ending = new Ending();
  const stopWatching = watch(ending, signal, limits.timeMs);
  let thread: DrawingThread | undefined;
  let isComplete = false;
  try {
    const order = { head: documentHead(document), format, file: part, maxBytes: limits.bytes };
    thread = startThread(order, limits, ending);
    const rows = await feed(document, thread.send, ending, onRows);
    const { bytes, pages } = await ending.race(thread.finished);
    await thread.stop();
    ending.throwIfEnded();
    await putInPlace(part, file);
    isComplete = true;
    return { bytes, rows, pages };
  } finally {
    stopWatching();
    await thread?.stop();
    if (!isComplete) await rm(part, { force: true }).catch(() => undefined);
  }
}

function watch(ending: Ending, signal: AbortSignal, timeMs: number): () => void {
  const abort = () => ending.end(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const message = `the report was not drawn within ${timeMs} ms`;
  const timer = setTimeout(() => ending.end(new ApiumError("REPORT_TIMEOUT", message)), timeMs);
  return () => {
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
  };
}

async function putInPlace(part: string, file: string): Promise<void> {
  try {
    await rename(part, file);
  } catch (cause) {
    throw new ApiumError("REPORT_RENDER_FAILED", "the complete report could not be given its name", { cause });
  }
}
