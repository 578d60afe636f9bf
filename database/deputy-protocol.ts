// What a deputy's two threads share: its orders, and three instants on the clock that all threads of a process read
// alike. The thread says nothing but "refused".
import type { Duty } from "./database.ts";

export interface DeputyOrders {
  readonly url: string;
  readonly duty: Omit<Duty, "onRefused" | "onError">;
  /** BigInt64Array over shared memory: nanoseconds of `process.hrtime`, by `Sign`. */
  readonly signs: BigInt64Array;
}

export const SIGNS = {
  /** The owner's thread was seen at work. */
  alive: 0,
  /** The owner did it by itself. */
  owner: 1,
  /** The deputy did it. */
  deputy: 2,
} as const;

export type Sign = keyof typeof SIGNS;

export function sign(signs: BigInt64Array, which: Sign, at = process.hrtime.bigint()): void {
  Atomics.store(signs, SIGNS[which], at);
}

/** Milliseconds since that instant. */
export function ageOf(signs: BigInt64Array, which: Sign): number {
  return Number(process.hrtime.bigint() - Atomics.load(signs, SIGNS[which])) / 1e6;
}
