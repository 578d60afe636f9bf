// Cells as Excel has them: real numbers and dates, shown in its formats; everything else text, and text is never a formula.
// Style objects are made once and shared, so that exceljs writes each of them once.
import type { Style } from "exceljs";
import type { Column, Row, Tone } from "../../document.ts";
import { cleanText, clockFor, dateOf, durationText, instantOf, isNumeric } from "../cell-text.ts";
import { ACCENT, HAIRLINE, MUTED, TONES, toneOf } from "../palette.ts";
import type { ZoneClock } from "../zone-clock.ts";

/** What Excel takes in one cell. */
const MAX_CHARACTERS = 32_767;
const DAY_MS = 86_400_000;
const DAY_MINUTES = 1_440;
/** Excel's number of 1 January 1970. */
const EPOCH_DAY = 25_569;
/** 1 March 1900: before that its calendar has a day that never was. */
const FIRST_DAY = 61;
/** How Excel writes characters that XML cannot: text that looks like it would be decoded. */
const ESCAPE = /_(?=x[0-9A-Fa-f]{4}_)/g;

const FORMATS: Readonly<Record<Column["kind"], string>> = {
  text: "@",
  status: "@",
  integer: "#,##0",
  decimal: "#,##0.##",
  percent: "0.0%",
  instant: "dd mmm yyyy hh:mm",
  date: "dd mmm yyyy",
  minutes: "[h]:mm",
};

const argb = (colour: string) => ({ argb: `FF${colour.slice(1).toUpperCase()}` });
const solid = (colour: string) => ({ type: "pattern", pattern: "solid", fgColor: argb(colour) }) as const;
const line = { style: "thin", color: argb(HAIRLINE) } as const;

export const TITLE: Partial<Style> = {
  font: { bold: true, size: 16, color: argb(ACCENT) },
  alignment: { vertical: "middle" },
};
export const SUBTITLE: Partial<Style> = {
  font: { size: 10, color: argb(MUTED) },
  alignment: { wrapText: true, vertical: "top" },
};
export const HEADING: Partial<Style> = { font: { bold: true, size: 12, color: argb(ACCENT) } };
export const EMPTY: Partial<Style> = { font: { italic: true, color: argb(MUTED) } };
const HEADER: Partial<Style> = {
  font: { bold: true, color: argb("#ffffff") },
  fill: solid(ACCENT),
  alignment: { vertical: "middle", wrapText: true },
};
const HEADER_OF_NUMBERS: Partial<Style> = { ...HEADER, alignment: { ...HEADER.alignment, horizontal: "right" } };

const styles = new Map<string, Partial<Style>>();

export function headerStyle(column: Column): Partial<Style> {
  return isNumeric(column) ? HEADER_OF_NUMBERS : HEADER;
}

export function cellStyle(row: Row, column: Column, value: string | number | null, isTotal: boolean): Partial<Style> {
  const tone = column.toneKey === undefined ? undefined : toneOf(row[column.toneKey]);
  const key = `${column.kind} ${tone} ${typeof value} ${isTotal}`;
  const known = styles.get(key);
  if (known !== undefined) return known;
  const style = newStyle(column, tone, typeof value === "number", isTotal);
  styles.set(key, style);
  return style;
}

/** Texts of numbers stay texts: a code 007 keeps its zeroes. */
export function cellValue(row: Row, column: Column, clock: ZoneClock): string | number | null {
  const cell = row[column.key] ?? null;
  if (cell === null || cell === "") return null;
  if (typeof cell === "boolean") return cell ? "Yes" : "No";
  if (typeof cell === "number") return numberValue(cell, column);
  const text = String(cell);
  const day = column.kind === "instant" || column.kind === "date" ? dayNumber(text, row, column, clock) : undefined;
  return day ?? sheetText(text);
}

export function sheetText(text: string): string {
  const clean = cleanText(text);
  const short = clean.length > MAX_CHARACTERS ? `${clean.slice(0, MAX_CHARACTERS - 1).toWellFormed()}…` : clean;
  const escaped = short.replaceAll(ESCAPE, "_x005F_");
  return escaped.length > MAX_CHARACTERS ? escaped.slice(0, MAX_CHARACTERS) : escaped;
}

function numberValue(value: number, { kind }: Column): string | number | null {
  if (!Number.isFinite(value)) return null;
  if (kind === "percent") return value / 100;
  if (kind !== "minutes") return value;
  // Excel shows no time before midnight of its first day.
  return value < 0 ? durationText(value) : value / DAY_MINUTES;
}

/** Days since Excel's beginning, as the zone's clocks show them. */
function dayNumber(text: string, row: Row, column: Column, clock: ZoneClock): number | undefined {
  const isDate = column.kind === "date";
  const instant = isDate ? dateOf(text) : instantOf(text);
  if (instant === undefined) return undefined;
  const local = isDate ? instant : clockFor(row, column, clock).local(instant);
  const day = local / DAY_MS + EPOCH_DAY;
  return day < FIRST_DAY ? undefined : day;
}

function newStyle(column: Column, tone: Tone | undefined, isNumber: boolean, isTotal: boolean): Partial<Style> {
  const colours = tone === undefined ? undefined : TONES[tone];
  return {
    numFmt: isNumber && FORMATS[column.kind] === "@" ? "General" : FORMATS[column.kind],
    alignment: {
      vertical: "top",
      horizontal: isNumeric(column) ? "right" : "left",
      ...(column.kind === "text" ? { wrapText: true } : {}),
    },
    border: isTotal ? { top: { style: "medium", color: argb(ACCENT) } } : { bottom: line },
    ...(colours === undefined ? {} : { fill: solid(colours.fill) }),
    ...(isTotal || colours !== undefined
      ? { font: { bold: isTotal, ...(colours === undefined ? {} : { color: argb(colours.ink) }) } }
      : {}),
  };
}
