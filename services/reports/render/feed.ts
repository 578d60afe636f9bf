// Reads a document, section after section and batch after batch, and sends it on. It is read where the database is; the
// receiver's pace is the reader's. Whatever happens, iterators that were begun are told that nothing more is wanted.
import type { ReportDocument, Rows, Section } from "../document.ts";
import type { Ending } from "./ending.ts";
import { sectionHead, type ToThread } from "./messages.ts";

/** Rows to a message; larger batches are cut. */
const MESSAGE_ROWS = 1_000;

/** Resolves when the receiver is ready for more. */
export type Send = (message: ToThread) => Promise<void>;

/** Returns how many rows there were. @throws what the document's iterators throw; the cause of the end. */
export async function feed(
  document: ReportDocument,
  send: Send,
  ending: Ending,
  onRows: (rows: number) => void = () => undefined,
): Promise<number> {
  let count = 0;
  for await (const section of untilEnd<Section>(document.sections, ending)) {
    await send({ kind: "section", head: sectionHead(section) });
    for await (const batch of untilEnd(section.rows satisfies Rows, ending)) {
      for (let start = 0; start < batch.length; start += MESSAGE_ROWS) {
        const rows = batch.length <= MESSAGE_ROWS ? batch : batch.slice(start, start + MESSAGE_ROWS);
        await send({ kind: "rows", rows });
        count += rows.length;
        onRows(count);
      }
    }
    const totals = section.kind === "table" ? section.totals?.() : undefined;
    await send({ kind: "section-end", totals });
  }
  await send({ kind: "end" });
  return count;
}

/** As `for await` of the source, but does not wait for an item beyond the end. */
async function* untilEnd<T>(source: AsyncIterable<T> | Iterable<T>, ending: Ending): AsyncGenerator<T> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const is = { asked: false, over: false };
  const ask = async () => {
    is.asked = true;
    try {
      const next = await iterator.next();
      is.over = next.done === true;
      return next;
    } catch (error) {
      is.over = true; // An iterator that threw has ended itself.
      throw error;
    } finally {
      is.asked = false;
    }
  };
  try {
    for (let next = await ending.race(ask()); next.done !== true; next = await ending.race(ask())) yield next.value;
  } finally {
    if (!is.over) {
      const closed = close(iterator);
      // One that still owes an item may owe it for ever.
      if (!is.asked) await closed;
    }
  }
}

/** What an iterator says when nothing more is wanted of it is no concern of the render's. */
async function close(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {}
}
