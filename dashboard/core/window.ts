// How far back charts look: chosen once on a page, kept in the address.
import { query } from "./place.ts";

interface Window {
  readonly id: string;
  readonly label: string;
  readonly minutes: number;
  /** Of `GET /series`: a bucket is as wide as two or three pixels. */
  readonly step: string;
}

export const WINDOWS: readonly Window[] = [
  { id: "15m", label: "15 min", minutes: 15, step: "15s" },
  { id: "1h", label: "1 h", minutes: 60, step: "30s" },
  { id: "6h", label: "6 h", minutes: 360, step: "3m" },
  { id: "24h", label: "24 h", minutes: 1_440, step: "10m" },
];
const DEFAULT = WINDOWS[1] as Window;

export function openWindow(): Window {
  const wanted = query.value.get("window");
  return WINDOWS.find(({ id }) => id === wanted) ?? DEFAULT;
}

/** The question for it. */
export function seriesPath(filter: Readonly<Record<string, string>> = {}): string {
  const { minutes, step } = openWindow();
  return `/series?${new URLSearchParams({ minutes: String(minutes), step, ...filter })}`;
}
