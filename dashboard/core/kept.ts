// What a list had loaded and how far one had scrolled, kept for the way back to it: with the browser's button, or from what
// was opened out of it. Whoever comes another way begins anew.
import { effect } from "@preact/signals";
import { path } from "./place.ts";

const MOST_KEPT = 5;
const LONGEST_MS = 15 * 60_000;

interface Kept {
  readonly value: unknown;
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

export function keep(address: string, value: unknown): void {
  kept.delete(address);
  kept.set(address, { value, at: performance.now() });
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
}

/** What was kept for this address, for whoever comes back to it: asked once, at the arrival. */
export function takeKept<Value>(address: string): Value | undefined {
  const found = kept.get(address);
  const cameBack = isBack || before.startsWith(`${current}/`);
  before = "";
  isBack = false;
  if (found === undefined || !cameBack || performance.now() - found.at > LONGEST_MS) return undefined;
  return found.value as Value;
}
