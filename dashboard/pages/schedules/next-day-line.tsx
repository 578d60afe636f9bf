// One line of the next day: a tick at each firing, coloured where others fire in the same minute.
import type { ComponentChildren } from "preact";
import type { Minute } from "./minutes.ts";
import { pathOf } from "./schedule-actions.tsx";
import { DAY_MS, type Firings } from "./use-firings.ts";

export interface LineProps {
  readonly name: string;
  readonly firings: Firings | undefined;
  /** Minutes in which many fire. */
  readonly crowded: ReadonlySet<number>;
  readonly from: number;
  /** What one points at. */
  readonly at: Minute | undefined;
}

export function Line({ name, firings, crowded, from, at }: LineProps) {
  const times = firings?.times.filter((time) => time >= from && time < from + DAY_MS) ?? [];
  const ticks = (isCrowded: boolean) =>
    times
      .filter((time) => crowded.has(Math.floor(time / 60_000) * 60_000) === isCrowded)
      .map((time) => `M${xOf(time, from)} 0.14V0.86`)
      .join("");
  const first = xOf(times[0] ?? from + DAY_MS, from);
  return (
    <>
      <a class={`line-name${at?.names.includes(name) ? " chosen" : ""}`} href={pathOf(name)} title={name}>
        {name}
      </a>
      <div class="strip">
        <Strip>
          {firings?.isCut ? (
            <rect class="on-and-on" x={first} y="0.25" width={1 - first} height="0.5" />
          ) : (
            <>
              <path class="tick" d={ticks(false)} />
              <path class="tick warn" d={ticks(true)} />
            </>
          )}
        </Strip>
        <Cursor {...{ at, from }} />
      </div>
    </>
  );
}

/** A drawing one wide and one high, stretched to the room there is; lines keep their width. */
export function Strip({ children }: { children: ComponentChildren }) {
  return (
    <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
      {children}
    </svg>
  );
}

export function Cursor({ at, from }: { at: Minute | undefined; from: number }) {
  return at === undefined ? null : <i class="cursor-line" style={{ left: `${xOf(at.minute, from) * 100}%` }} />;
}

export function xOf(time: number, from: number): number {
  return Math.min(1, Math.max(0, (time - from) / DAY_MS));
}
