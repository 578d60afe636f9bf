// What a list had loaded and how far one had scrolled, kept for the way back to it: with the browser's button, or from what
// was opened out of it. Whoever comes another way begins anew.
import { effect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { path } from "./place.ts";

const MOST_KEPT = 5;
const LONGEST_MS = 15 * 60_000;

interface Kept {
  readonly value: unknown;
  readonly scrollY: number;
  readonly at: number;
}

const kept = new Map<string, Kept>();
let before = "";
let current = "";
let isBack = false;

effect(() => {
  before = current;
  current = path.value;
  isBack = false;
});
// After the address has changed, and before anything is drawn.
addEventListener("popstate", () => {
  isBack = true;
});

/**
 * @param place - of the list, with its filter: another one is another list.
 * @param make - what it begins with.
 * @returns what was made for this place, then or now, and where the window stood when one left it.
 */
export function useKept<Value>(place: string, make: () => Value): { readonly value: Value; readonly startAt: number } {
  const { value, startAt } = useMemo(() => {
    const found = take(place);
    return { value: found === undefined ? make() : (found.value as Value), startAt: found?.scrollY ?? 0 };
  }, [place]);
  useEffect(() => {
    const { pathname } = location;
    let last = scrollY;
    const scrolled = () => {
      // Whoever leaves is scrolled to the top of the next page before this one is gone.
      if (location.pathname === pathname) last = scrollY;
    };
    addEventListener("scroll", scrolled, { passive: true });
    return () => {
      removeEventListener("scroll", scrolled);
      keep(place, { value, scrollY: last, at: performance.now() });
    };
  }, [place, value]);
  return { value, startAt };
}

/** Asked once, at the arrival. */
function take(place: string): Kept | undefined {
  const cameBack = isBack || before.startsWith(`${current}/`);
  before = "";
  isBack = false;
  const found = kept.get(place);
  return found !== undefined && cameBack && performance.now() - found.at <= LONGEST_MS ? found : undefined;
}

function keep(place: string, value: Kept): void {
  kept.delete(place);
  kept.set(place, value);
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
}
