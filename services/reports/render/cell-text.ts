// Cells as texts: for people (PDF, HTML), and for programs that read tables (CSV). What does not fit its column's kind is
// shown as it is: a report is no place to fail for one cell.
import type { Column, Row } from "../document.ts";
import { clockOf, type ZoneClock } from "./zone-clock.ts";

export const NOTHING = "–";
const MINUTE_MS = 60_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
/** C0 without tab and line feed, DEL, C1, and what XML forbids. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g;
const NEEDS_CARE = /[^\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]/;

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const upToTwo = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const upToOne = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });

/** Without control characters (line ends become line feeds) and lone surrogates. */
export function cleanText(text: string): string {
  if (!NEEDS_CARE.test(text)) return text;
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(CONTROLS, "").toWellFormed();
}

export function isNumeric({ kind }: Column): boolean {
  return kind === "integer" || kind === "decimal" || kind === "percent" || kind === "minutes";
}

/** For people. Nothing is a dash. */
export function shown(row: Row, column: Column, clock: ZoneClock): string {
  const cell = row[column.key] ?? null;
  if (cell === null || cell === "") return NOTHING;
  if (typeof cell === "boolean") return cell ? "Yes" : "No";
  if (typeof cell === "number") return shownNumber(cell, column);
  if (column.kind === "instant") return shownInstant(cell, row, column, clock) ?? cleanText(cell);
  if (column.kind === "date") return shownDate(cell) ?? cleanText(cell);
  return cleanText(String(cell));
}

/** For programs: numbers bare, instants as local time. Nothing is empty. */
export function bare(row: Row, column: Column, clock: ZoneClock): string {
  const cell = row[column.key] ?? null;
  if (cell === null) return "";
  if (column.kind === "instant" && typeof cell === "string") {
    const instant = instantOf(cell);
    if (instant !== undefined) return stamp(clockFor(row, column, clock).local(instant));
  }
  return typeof cell === "string" ? cleanText(cell) : String(cell);
}

/** "2026-01-05 11:50:00". */
function stamp(local: number): string {
  return new Date(local).toISOString().slice(0, 19).replace("T", " ");
}

/** "05 Jan 2026, 11:50 (Asia/Kolkata)": when a report was made. */
export function generatedText(generatedAt: string, clock: ZoneClock): string {
  const instant = instantOf(generatedAt);
  return instant === undefined ? cleanText(generatedAt) : `${minuteText(clock.local(instant))} (${clock.name})`;
}

/** Of an instant's text; undefined where it is none. */
export function instantOf(text: string): number | undefined {
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

/** The clock that a cell's instant is read from: its row's zone, else the document's. */
export function clockFor(row: Row, { zoneKey }: Column, clock: ZoneClock): ZoneClock {
  const zone = zoneKey === undefined ? undefined : row[zoneKey];
  return (typeof zone === "string" ? clockOf(zone) : undefined) ?? clock;
}

/** Milliseconds of a day's beginning in UTC; undefined where it is no "YYYY-MM-DD". */
export function dateOf(text: string): number | undefined {
  return DATE.test(text) ? instantOf(`${text}T00:00:00Z`) : undefined;
}

/** "1 h 05 min". */
export function durationText(minutes: number): string {
  const total = Math.round(Math.abs(minutes));
  const sign = minutes < 0 && total > 0 ? "-" : "";
  if (total < 60) return `${sign}${total} min`;
  return `${sign}${whole.format(Math.floor(total / 60))} h ${String(total % 60).padStart(2, "0")} min`;
}

function shownNumber(value: number, { kind }: Column): string {
  if (!Number.isFinite(value)) return NOTHING;
  if (kind === "integer") return whole.format(value);
  if (kind === "percent") return `${upToOne.format(value)}%`;
  if (kind === "minutes") return durationText(value);
  if (kind !== "decimal") return String(value);
  return upToTwo.format(value);
}

/** Where the row's zone is not at the document's time, the offset is told. */
function shownInstant(text: string, row: Row, column: Column, clock: ZoneClock): string | undefined {
  const instant = instantOf(text);
  if (instant === undefined) return undefined;
  const own = clockFor(row, column, clock);
  const offset = own.offset(instant);
  const time = minuteText(instant + offset);
  return offset === clock.offset(instant) ? time : `${time} ${offsetText(offset)}`;
}

function shownDate(text: string): string | undefined {
  const day = dateOf(text);
  return day === undefined ? undefined : dayText(new Date(day));
}

/** "05 Jan 2026, 11:50". */
function minuteText(local: number): string {
  const date = new Date(local);
  return `${dayText(date)}, ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

function dayText(date: Date): string {
  return `${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${String(date.getUTCFullYear()).padStart(4, "0")}`;
}

function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / MINUTE_MS);
  return `${offset < 0 ? "−" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
