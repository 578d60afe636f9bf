/**
 * A report of 200 000 rows and 10 columns in each format: seconds, memory beyond what the process had before, size of the
 * file. Each is drawn in a process of its own, so that none inherits another's memory. The rows are made as they are asked
 * for, a thousand at a time, as the database gives them. `node_modules/.bin/node bench/reports.ts [rows]`
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import Table from "cli-table3";
import { type Column, FORMATS, type Format, type ReportDocument, type Row } from "../services/reports/document.ts";
import { openRenderer } from "../services/reports/render/index.ts";

const BATCH = 1_000;
const LOOK_MS = 10;
const MIB = 2 ** 20;
const STATES = [
  ["COMPLETED", "good"],
  ["AUTOCLOSED", "bad"],
  ["PARTIALLY COMPLETED", "warning"],
  ["ASSIGNED", "muted"],
] as const;
const COLUMNS: readonly Column[] = [
  { key: "id", title: "Id", kind: "integer" },
  { key: "site", title: "Site", kind: "text", width: 2 },
  { key: "task", title: "Task", kind: "text", width: 3 },
  { key: "person", title: "Performed by", kind: "text", width: 2 },
  { key: "planned", title: "Planned at", kind: "instant", width: 2, zoneKey: "zone" },
  { key: "ended", title: "Ended at", kind: "instant", width: 2, zoneKey: "zone" },
  { key: "minutes", title: "Duration", kind: "minutes" },
  { key: "score", title: "Score", kind: "percent" },
  { key: "reading", title: "Reading", kind: "decimal" },
  { key: "status", title: "Status", kind: "status", width: 2, toneKey: "tone" },
];

interface Measured {
  readonly seconds: number;
  readonly addedMb: number;
  readonly bytes: number;
  readonly pages: number | null;
}

const [, , first, second] = process.argv;
if (FORMATS.includes(first as Format)) console.log(JSON.stringify(await measure(first as Format, Number(second))));
else await compare(Number(first ?? 200_000));

async function compare(rows: number): Promise<void> {
  const table = new Table({
    head: ["format", "seconds", "rows /s", "added peak MB", "file MB", "pages"],
    style: { head: [] },
  });
  for (const format of FORMATS) {
    const self = fileURLToPath(import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, self, format, String(rows)]);
    const { seconds, addedMb, bytes, pages } = JSON.parse(stdout) as Measured;
    table.push([
      format,
      seconds.toFixed(1),
      Math.round(rows / seconds),
      addedMb,
      (bytes / MIB).toFixed(1),
      pages ?? "",
    ]);
  }
  console.log(table.toString());
}

async function measure(format: Format, rows: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "bench-reports-"));
  const renderer = openRenderer();
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, LOOK_MS);
  const began = performance.now();
  const { bytes, pages } = await renderer.render(documentOf(rows), format, join(folder, `report.${format}`));
  const seconds = (performance.now() - began) / 1_000;
  clearInterval(watch);
  await renderer.close();
  await rm(folder, { recursive: true });
  return { seconds, bytes, pages, addedMb: Math.round((peak - before) / MIB) };
}

function documentOf(rows: number): ReportDocument {
  return {
    title: "Task Summary",
    facts: [{ label: "Rows", value: String(rows) }],
    clientName: "Client",
    timezone: "Asia/Kolkata",
    generatedAt: "2026-01-05T06:20:00Z",
    orientation: "landscape",
    sections: [{ kind: "table", columns: COLUMNS, rows: batches(rows) }],
  };
}

function* batches(rows: number): Generator<Row[]> {
  for (let start = 0; start < rows; start += BATCH) {
    yield Array.from({ length: Math.min(BATCH, rows - start) }, (_, index) => rowOf(start + index));
  }
}

function rowOf(index: number): Row {
  const [status, tone] = STATES[index % STATES.length] ?? STATES[0];
  const planned = Date.UTC(2026, 0, 1) + index * 13_000;
  return {
    id: index,
    site: `Site ${index % 500}, Mumbai`,
    task: `Weekly inspection of asset AST-${index % 5_000}: oil, coolant and belts`,
    person: `Person ${index % 3_000} Sharma`,
    planned: new Date(planned).toISOString(),
    ended: new Date(planned + 1_800_000).toISOString(),
    minutes: index % 120,
    score: (index % 1_000) / 10,
    reading: (index % 9_973) / 7,
    zone: ["Asia/Kolkata", "Europe/London", "America/New_York"][index % 3] ?? null,
    status,
    tone,
  };
}
