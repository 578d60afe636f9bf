// The colours of reports. One accent, tones for what is good and bad, greys for the rest.
import type { Tone } from "../document.ts";

export const ACCENT = "#01579b";
export const INK = "#1c2733";
export const MUTED = "#5f6b7a";
export const HAIRLINE = "#d5dde5";
export const ZEBRA = "#f5f8fb";

export interface ToneColours {
  readonly ink: string;
  readonly fill: string;
  /** Of bars and slices. */
  readonly strong: string;
}

export const TONES: Readonly<Record<Tone, ToneColours>> = {
  good: { ink: "#1b6b34", fill: "#e0f2e5", strong: "#3a9d5d" },
  warning: { ink: "#8a5200", fill: "#fcefd3", strong: "#e5a33a" },
  bad: { ink: "#a8201a", fill: "#fbe3e1", strong: "#cf4b43" },
  muted: { ink: "#55616f", fill: "#eceff3", strong: "#a3afbc" },
};

/** Of series and slices without a tone, in order, then from the first again. */
export const SERIES = ["#01579b", "#f2994a", "#2a9d8f", "#8e5ea2", "#5aa9e6", "#c0504d", "#e9c46a", "#7a8b99"];

/** The tone that a cell names, if it names one. */
export function toneOf(value: unknown): Tone | undefined {
  return typeof value === "string" && Object.hasOwn(TONES, value) ? (value as Tone) : undefined;
}
