/** Time as a parameter: the virtual clock that tests move, the real one that follows the database, and sleep on both. */
import { describe, expect, test } from "@jest/globals";
import { SystemClock, sleep, VirtualClock } from "../../runtime/contract/clock.ts";

describe("the virtual clock", () => {
  test("runs timers in order and only as far as it is told", async () => {
    const clock = new VirtualClock(0);
    const ran: string[] = [];
    clock.after(20, () => ran.push("b"));
    clock.after(10, () => ran.push("a"));
    const cancel = clock.after(15, () => ran.push("never"));
    cancel();
    await clock.advance(15);
    expect([ran.join(""), clock.now()]).toEqual(["a", 15]);
    await clock.advance(5);
    expect(ran.join("")).toBe("ab");
  });

  test("shows each timer its own instant, equal ones in the order they were set", async () => {
    const clock = new VirtualClock(1_000);
    const ran: [string, number][] = [];
    for (const [name, delay] of [
      ["first", 5],
      ["second", 5],
      ["overdue", -3],
    ] as const) {
      clock.after(delay, () => ran.push([name, clock.now()]));
    }
    await clock.advance(100);
    expect(ran).toEqual([
      ["overdue", 1_000],
      ["first", 1_005],
      ["second", 1_005],
    ]);
    expect([clock.now(), clock.monotonic()]).toEqual([1_100, 1_100]);
  });

  test("runs timers that timers and promises set on the way", async () => {
    const clock = new VirtualClock(0);
    const ticks: number[] = [];
    const tick = async () => {
      for (;;) {
        await sleep(clock, 10);
        ticks.push(clock.now());
      }
    };
    void tick();
    await clock.advance(35);
    expect(ticks).toEqual([10, 20, 30]);
  });

  test("tells when its next timer is due", () => {
    const clock = new VirtualClock(0);
    expect(clock.nextTimer()).toBeUndefined();
    clock.after(30, () => {});
    const cancel = clock.after(20, () => {});
    expect(clock.nextTimer()).toBe(20);
    cancel();
    expect(clock.nextTimer()).toBe(30);
  });
});

describe("sleep", () => {
  test("ends with its signal, sooner or at once, and leaves no timer behind", async () => {
    const clock = new VirtualClock(0);
    const stop = new AbortController();
    const sleeping = sleep(clock, 1_000, stop.signal);
    stop.abort();
    await sleeping;
    await sleep(clock, 1_000, stop.signal);
    expect(clock.nextTimer()).toBeUndefined();
  });
});

describe("the system's clock", () => {
  test("is moved into the bounds of what the database said, and no further", () => {
    const clock = new SystemClock();
    // It is ahead by far: the answer's last possible moment is the nearest.
    clock.synchronise(1_000_000, 20);
    expect(clock.now() - 1_000_020).toBeGreaterThanOrEqual(0);
    expect(clock.now() - 1_000_020).toBeLessThan(60_000);
    clock.synchronise(2_000_000, 20);
    expect(clock.now() - 2_000_000).toBeGreaterThanOrEqual(0);
    expect(clock.now() - 2_000_000).toBeLessThan(60_000);
  });

  test("is not moved by an answer that was slow, as long as it agrees", () => {
    const clock = new SystemClock();
    clock.synchronise(1_000_000, 0);
    // How far it is from the monotonic clock, between two bounds: this process may stand still between two looks.
    const offset = () => {
      const [before, now, after] = [clock.monotonic(), clock.now(), clock.monotonic()];
      return { least: now - after - 0.5, most: now - before + 0.5 };
    };
    const before = offset();
    clock.synchronise(clock.now() - 300, 60_000);
    const after = offset();
    expect(after.least).toBeLessThanOrEqual(before.most);
    expect(after.most).toBeGreaterThanOrEqual(before.least);
  });

  test("runs a timer once, and a cancelled one never", async () => {
    const clock = new SystemClock();
    const ran: string[] = [];
    const cancel = clock.after(0, () => ran.push("never"));
    cancel();
    await new Promise<void>((resolve) => clock.after(1, () => resolve(void ran.push("once"))));
    expect(ran).toEqual(["once"]);
  });
});
