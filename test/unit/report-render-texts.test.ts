/** Cells as texts, names of sheets, codes and charts: what a report makes of values before anything is drawn. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { create } from "qrcode";
import type { Cell, Chart, Column, ColumnKind, Row } from "../../services/reports/document.ts";
import { bare, cleanText, durationText, shown } from "../../services/reports/render/cell-text.ts";
import { drawChart } from "../../services/reports/render/chart/chart.ts";
import type { Drawing, Mark } from "../../services/reports/render/chart/marks.ts";
import { qrRuns } from "../../services/reports/render/qr-runs.ts";
import { cellValue, sheetText } from "../../services/reports/render/xlsx/sheet-cells.ts";
import { SheetNames } from "../../services/reports/render/xlsx/sheet-names.ts";
import { clockOf, ZoneClock } from "../../services/reports/render/zone-clock.ts";

const INDIA = new ZoneClock("Asia/Kolkata");
const column = (kind: ColumnKind): Column => ({ key: "value", title: "Value", kind, zoneKey: "zone" });
const forPeople = (value: Cell, kind: ColumnKind, zone?: string) =>
  shown({ value, zone: zone ?? null }, column(kind), INDIA);
const forPrograms = (value: Cell, kind: ColumnKind, zone?: string) =>
  bare({ value, zone: zone ?? null }, column(kind), INDIA);

describe("a cell for people", () => {
  test.each<[Cell, ColumnKind, string]>([
    ["2026-01-05T06:20:00Z", "instant", "05 Jan 2026, 11:50"],
    ["2026-01-05", "date", "05 Jan 2026"],
    [1_234_567, "integer", "1,234,567"],
    [1_234.5678, "decimal", "1,234.57"],
    [97.25, "percent", "97.3%"],
    [125, "minutes", "2 h 05 min"],
    [45, "minutes", "45 min"],
    [2026, "text", "2026"],
    [true, "text", "Yes"],
    [null, "integer", "–"],
    [Number.NaN, "decimal", "–"],
    ["n/a", "integer", "n/a"],
    ["yesterday", "instant", "yesterday"],
    ["2026-13-45", "date", "2026-13-45"],
  ])("%p as %s is %s", (value, kind, text) => {
    expect(forPeople(value, kind)).toBe(text);
  });

  test("shows an instant in its row's zone, with the offset where that is not the report's", () => {
    expect(forPeople("2026-07-05T06:20:00Z", "instant", "Europe/London")).toBe("05 Jul 2026, 07:20 +01:00");
    expect(forPeople("2026-01-05T06:20:00Z", "instant", "America/New_York")).toBe("05 Jan 2026, 01:20 −05:00");
    expect(forPeople("2026-01-05T06:20:00Z", "instant", "Asia/Colombo")).toBe("05 Jan 2026, 11:50");
    expect(forPeople("2026-01-05T06:20:00Z", "instant", "No/Such")).toBe("05 Jan 2026, 11:50");
  });
});

test("a cell for programs is bare: numbers as they are, instants as local time to the second", () => {
  expect(forPrograms("2026-01-05T06:20:07.9Z", "instant")).toBe("2026-01-05 11:50:07");
  expect(forPrograms("2026-03-29T01:00:00Z", "instant", "Europe/London")).toBe("2026-03-29 02:00:00");
  expect(forPrograms(1_234.5678, "decimal")).toBe("1234.5678");
  expect(forPrograms(125, "minutes")).toBe("125");
  expect(forPrograms(null, "text")).toBe("");
});

test("texts lose control characters and halves of characters, and nothing else", () => {
  expect(cleanText("a\0b\u001bc\u009fd")).toBe("abcd");
  expect(cleanText("two\r\nlines\rthree\tx")).toBe("two\nlines\nthree\tx");
  expect(cleanText("\ud800x")).toBe("\ufffdx");
  expect(cleanText("😀 नमस्ते שלום")).toBe("😀 नमस्ते שלום");
});

test("durations below nothing and around the hour", () => {
  expect(durationText(-65)).toBe("-1 h 05 min");
  expect(durationText(59.6)).toBe("1 h 00 min");
  expect(durationText(-0.2)).toBe("0 min");
});

test("a clock shows what Intl shows, on either side of every change", () => {
  const zones = ["Asia/Kolkata", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
  const far = Date.UTC(2040, 0, 1);
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: Date.UTC(1975, 0, 1), max: far }), (zone, instant) => {
      const local = new Date(clockOf(zone)?.local(instant) ?? 0).toISOString().slice(0, 16).replace("T", " ");
      const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
      expect(local).toBe(format.format(instant));
    }),
  );
  expect(clockOf("No/Such")).toBeUndefined();
});

describe("for Excel", () => {
  const value = (cell: Cell, kind: ColumnKind) => cellValue({ value: cell } satisfies Row, column(kind), INDIA);

  test("times, shares and durations are numbers of its own, and texts stay texts", () => {
    expect(value("2026-01-05T06:30:00Z", "instant")).toBe(46_027.5);
    expect(value("2026-01-05", "date")).toBe(46_027);
    expect(value(50, "percent")).toBe(0.5);
    expect(value(90, "minutes")).toBe(0.0625);
    expect(value("007", "text")).toBe("007");
    expect(value(-90, "minutes")).toBe("-1 h 30 min");
    expect(value("1899-01-01", "date")).toBe("1899-01-01");
  });

  test("a text is no longer than a cell, and what looks like an escape stays what it is", () => {
    expect(sheetText("x".repeat(40_000))).toHaveLength(32_767);
    expect(sheetText("_x0041_")).toBe("_x005F_x0041_");
  });

  test("names of sheets are allowed and differ, whatever they come from", () => {
    const given = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("A", "a", "'", "a/b", "History")));
    fc.assert(
      fc.property(given, (wanted) => {
        const names = new SheetNames();
        const claimed = wanted.map((one) => names.claim(one));
        expect(new Set(claimed.map((name) => name.toLowerCase())).size).toBe(wanted.length);
        for (const name of claimed) {
          expect(name).toMatch(/^[^\\/?*[\]:]{1,31}$/u);
          expect(name).not.toMatch(/^'|'$|^history$/i);
        }
      }),
    );
  });
});

test("a QR code's runs are its dark modules", () => {
  const payload = "PHX-AST-00042 मुख्य द्वार";
  const { size, data } = create(payload, { errorCorrectionLevel: "M" }).modules;
  const drawn = new Uint8Array(size * size);
  for (const { x, y, length } of qrRuns(payload)?.runs ?? []) drawn.fill(1, y * size + x, y * size + x + length);
  expect(drawn).toEqual(Uint8Array.from(data));
  expect(qrRuns("")).toBeUndefined();
  expect(qrRuns("x".repeat(5_000))).toBeUndefined();
});

describe("a chart", () => {
  const chart = (given: Partial<Chart>): Chart => ({
    kind: "bar",
    title: "Tasks",
    categories: ["a", "b"],
    series: [{ name: "s", values: [1, 3] }],
    ...given,
  });
  const draw = (given: Partial<Chart>) => drawChart(chart(given), 500, (text, size) => text.length * size * 0.5);
  const ofKind = <Kind extends Mark["kind"]>({ marks }: Drawing, kind: Kind) =>
    marks.filter((mark): mark is Extract<Mark, { kind: Kind }> => mark.kind === kind);

  test("has bars as tall as their values", () => {
    const [small, large] = ofKind(draw({}), "rect");
    expect(large?.height).toBeCloseTo(3 * (small?.height ?? 0));
  });

  test("stacks bars without gap or overlap, those below nothing downwards", () => {
    const series = [2, 3, -4].map((value) => ({ name: String(value), values: [value] }));
    const bars = ofKind(draw({ kind: "stacked-bar", categories: ["a"], series }), "rect").slice(3);
    const [first, second, below] = bars;
    expect((second?.y ?? 0) + (second?.height ?? 0)).toBeCloseTo(first?.y ?? -1);
    expect(below?.y).toBeCloseTo((first?.y ?? 0) + (first?.height ?? 0));
  });

  test("shares a donut among its slices, and puts the smallest of many together", () => {
    const values = Array.from({ length: 30 }, (_, index) => index + 1);
    const drawing = draw({ kind: "donut", categories: values.map(String), series: [{ name: "s", values }] });
    expect(ofKind(drawing, "path")).toHaveLength(9);
    const texts = ofKind(drawing, "text").map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(["465", "Others", "54.4%"]));
  });

  test("stays within its frame and draws only numbers, whatever the values are", () => {
    const value = fc.oneof(
      fc.double(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300, 0, 5e-324),
    );
    const kind = fc.constantFrom("bar" as const, "stacked-bar" as const, "line" as const, "donut" as const);
    const size = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(kind, size, fc.array(fc.array(value, { maxLength: 60 }), { maxLength: 4 }), (kind, count, lists) => {
        const categories = Array.from({ length: count }, (_, index) => `category ${index}`);
        const drawing = draw({ kind, categories, series: lists.map((values) => ({ name: "s", values })) });
        expect(JSON.stringify(drawing)).not.toMatch(/null|NaN|Infinity/);
        for (const { x, y, width, height } of ofKind(drawing, "rect")) {
          expect(Math.min(x, y, width, height)).toBeGreaterThanOrEqual(0);
          expect(y + height).toBeLessThanOrEqual(drawing.height + 0.01);
        }
      }),
    );
  });
});
