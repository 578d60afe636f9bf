// Runs in a thread of its own for each render: takes the document piece by piece, has the format's writer write it, and
// says how it ended. Its environment is bare; what it needs arrives by message.
import { setImmediate } from "node:timers/promises";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Format } from "../document.ts";
import type { FromThread, RenderOrder, ToThread } from "./messages.ts";
import { PartFile, TooLargeError } from "./part-file.ts";
import type { FormatWriter, OpenWriter } from "./writer.ts";

const MAX_MESSAGE = 1_000;

/** A format's libraries are loaded by those renders only that need them. */
const WRITERS: Readonly<Record<Format, () => Promise<OpenWriter>>> = {
  csv: async () => (await import("./csv-writer.ts")).openCsvWriter,
  json: async () => (await import("./json-writer.ts")).openJsonWriter,
  html: async () => (await import("./html/html-writer.ts")).openHtmlWriter,
  xlsx: async () => (await import("./xlsx/xlsx-writer.ts")).openXlsxWriter,
  pdf: async () => (await import("./pdf/pdf-writer.ts")).openPdfWriter,
};

async function render(port: MessagePort, order: RenderOrder): Promise<FromThread> {
  const arrivals = incoming(port);
  const openWriter = await WRITERS[order.format]();
  const file = new PartFile(order.file, order.maxBytes);
  const writer = openWriter(file);
  await writer.begin(order.head);
  for (;;) {
    const message = await arrivals();
    if (message.kind === "end") break;
    await write(writer, message);
    // A port hands over all that arrives in one go: without a turn of the loop between, disk and packer would starve.
    await setImmediate();
    port.postMessage({ kind: "taken" } satisfies FromThread);
  }
  const pages = await writer.end();
  await file.close();
  return { kind: "finished", bytes: file.bytes, pages };
}

function write(writer: FormatWriter, message: Exclude<ToThread, { kind: "end" }>): Promise<void> {
  if (message.kind === "section") return writer.section(message.head);
  if (message.kind === "rows") return writer.rows(message.rows);
  return writer.sectionEnd(message.totals);
}

/** The messages in their order. The sender waits for answers, so that few lie here at a time. */
function incoming(port: MessagePort): () => Promise<ToThread> {
  const arrived: ToThread[] = [];
  let wake: () => void = () => undefined;
  port.on("message", (message: ToThread) => {
    arrived.push(message);
    wake();
  });
  return async () => {
    for (;;) {
      const next = arrived.shift();
      if (next !== undefined) return next;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}

function failure(error: unknown): FromThread {
  if (error instanceof TooLargeError) return { kind: "too-large" };
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return { kind: "failed", message: message.slice(0, MAX_MESSAGE), code };
}

if (parentPort !== null) {
  const port = parentPort;
  port.postMessage(await render(port, workerData as RenderOrder).catch(failure));
  port.close();
}
