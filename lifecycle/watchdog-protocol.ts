// What the watchdog's two threads share: its orders, and two numbers that the main thread writes.
import type { LogFormat } from "../settings.ts";

export interface WatchdogOptions {
  /** How long the event loop may be silent, in milliseconds. */
  readonly patienceMs: number;
  /** Of its last words. */
  readonly logFormat: LogFormat;
}

export interface WatchdogOrders extends WatchdogOptions {
  /** Int32Array over shared memory, by `SIGNS`. */
  readonly signs: Int32Array;
}

export const SIGNS = {
  /** Counts up while the event loop turns. */
  turns: 0,
  /** 1 while a debugger is attached: then silence is a breakpoint. */
  debugged: 1,
} as const;
