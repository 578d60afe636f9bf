/** How many slots a worker gives itself. */
import { expect, test } from "@jest/globals";
import { SHRINK_AFTER_MS, slotsFor } from "../../runtime/worker/autoscale.ts";
import { Steering, tenantOf } from "../../runtime/worker/steering.ts";

const bounds = { min: 2, max: 20 };
const load = { concurrency: 8, running: 8, backlog: 0, spareMs: 0 };
const slots = (change: Partial<typeof load>) => slotsFor(bounds, { ...load, ...change });

test("grows by what waits, at most twofold, to the upper bound, and only while every slot is busy", () => {
  expect(slots({ backlog: 3 })).toBe(11);
  expect(slots({ backlog: 1_000 })).toBe(16);
  expect(slots({ concurrency: 16, running: 16, backlog: 1_000 })).toBe(20);
  expect(slots({ backlog: 0 })).toBe(8);
  expect(slots({ running: 7, backlog: 1_000 })).toBe(8);
});

test("shrinks by a quarter after a while of room to spare, never below what runs or the lower bound", () => {
  expect(slots({ running: 1, spareMs: SHRINK_AFTER_MS - 1 })).toBe(8);
  expect(slots({ running: 1, spareMs: SHRINK_AFTER_MS })).toBe(6);
  expect(slots({ concurrency: 2, running: 0, spareMs: SHRINK_AFTER_MS })).toBe(2);
  expect(slots({ concurrency: 4, running: 4, spareMs: SHRINK_AFTER_MS })).toBe(4);
});

test("comes within its bounds at once", () => {
  expect(slots({ concurrency: 1, running: 0 })).toBe(2);
  expect(slots({ concurrency: 50, running: 50 })).toBe(20);
});

const type = { name: "a", paused: false, rateLimit: null, softTimeLimitMs: null, timeLimitMs: null };
const claimed = { name: "a", headers: null, params: {} };

test("a snapshot says what must be put aside, and which rates differ from the one before", () => {
  expect(Steering.none.isPlain).toBe(true);
  expect(new Steering([], [], ["email"]).isPlain).toBe(true);
  const steering = new Steering(
    [
      { ...type, paused: true },
      { ...type, name: "b", rateLimit: "5/s" },
    ],
    ["7"],
    [],
  );
  expect(steering.heldFor(claimed)).toBe("type:a");
  expect(steering.heldFor({ ...claimed, name: "b" })).toBeUndefined();
  expect(steering.heldFor({ ...claimed, name: "b", params: { clientId: 7 } })).toBe("tenant:7");
  expect(
    steering.heldFor({ ...claimed, name: "b", params: { clientId: 7 }, headers: { tenant: "8" } }),
  ).toBeUndefined();
  expect(steering.rateLimit("b", "1/h")).toBe("5/s");
  expect(steering.rateLimit("c", "1/h")).toBe("1/h");
  expect(new Steering([{ ...type, rateLimit: "none" }], [], []).rateLimit("a", "1/h")).toBeUndefined();
  expect(steering.changedRates(Steering.none)).toEqual(["b"]);
  expect(Steering.none.changedRates(steering)).toEqual(["b"]);
  expect(steering.changedRates(steering)).toEqual([]);
});

test("parameters of any shape name a tenant or none", () => {
  const of = (params: unknown) => tenantOf({ headers: null, params });
  expect([of(null), of(5), of("x"), of([1]), of({ clientId: {} })]).toEqual(Array(5).fill(undefined));
  expect([of({ clientId: "c" }), of({ clientId: 0 })]).toEqual(["c", "0"]);
});
