/** How late an event loop is said to be, of what the engine's histogram says. */
import { expect, test } from "@jest/globals";
import { EventLoopWatch } from "../../runtime/control/event-loop.ts";

/** Delays in milliseconds, the histogram's own resolution of 20 among them. */
function watchOf(delays: number[]): EventLoopWatch {
  const sorted = () => [...delays].sort((a, b) => a - b);
  const nanos = (ms = Number.NaN) => ms * 1e6;
  return new EventLoopWatch({
    get count() {
      return delays.length;
    },
    get mean() {
      return nanos(delays.reduce((sum, ms) => sum + ms, 0) / delays.length);
    },
    get max() {
      return nanos(Math.max(0, ...delays));
    },
    percentile: (percent) => nanos(sorted()[Math.ceil((percent / 100) * delays.length) - 1]),
    reset: () => void delays.splice(0),
    enable: () => true,
    disable: () => true,
  });
}

test("one stall at the start is not one in a hundred, and is told as the longest", () => {
  const watch = watchOf([...Array(50).fill(22), 2_020]);
  expect(watch.read().p99Ms).toBeLessThan(100);
  expect(watch.read().maxMs).toBe(2_000);
});

test("a loop that begins to stall is late at once, not when it has been looked at five hundred times", () => {
  const delays: number[] = Array(1_500).fill(20);
  const watch = watchOf(delays);
  watch.turn();
  expect(watch.read()).toEqual({ meanMs: 0, p99Ms: 0, maxMs: 0 });
  delays.push(...Array(10).fill(1_220));
  expect(watch.read().p99Ms).toBe(1_200);
});

test("what was late is remembered for the half minute after, however many read it", () => {
  const delays: number[] = Array(15).fill(2_020);
  const watch = watchOf(delays);
  watch.turn();
  delays.push(...Array(1_000).fill(20));
  for (let look = 0; look < 3; look += 1) expect(watch.read()).toEqual({ meanMs: 2_000, p99Ms: 2_000, maxMs: 2_000 });
  watch.turn();
  expect(watch.read()).toEqual({ meanMs: 0, p99Ms: 0, maxMs: 0 });
});
