// A table's cells as they are set.
import type { Column, Row } from "../../document.ts";
import { NOTHING, shown } from "../cell-text.ts";
import { INK, MUTED, TONES, type ToneColours, toneOf } from "../palette.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { settable } from "./type-setter.ts";

const NO_TONE: ToneColours = { ink: INK, fill: "#eceff3", strong: MUTED };

/** Days and durations do not break; between a day and its time is a good place. */
export function cellText(row: Row, column: Column, clock: ZoneClock): string {
  const text = settable(shown(row, column, clock));
  if (column.kind === "instant") return text.replaceAll(/(?<!,) /g, "\u00a0");
  return column.kind === "date" || column.kind === "minutes" ? text.replaceAll(" ", "\u00a0") : text;
}

export function cellTone(row: Row, column: Column, text: string): ToneColours {
  const tone = column.toneKey === undefined ? undefined : toneOf(row[column.toneKey]);
  if (tone !== undefined) return TONES[tone];
  return text === NOTHING ? { ...NO_TONE, ink: MUTED } : NO_TONE;
}
