/** Why a task is not running, as rules: every reason from the facts that give it, and none from others. */
import { describe, expect, test } from "@jest/globals";
import { type LiveFacts, MOST_COUNTED, reasonsOf, reasonsOfEnded } from "../../runtime/control/explain-reasons.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const able = { id: "w1", takesQueue: true, hasHandler: true, draining: false, busy: 3, size: 10 };
const facts: LiveFacts = {
  state: "QUEUED",
  name: "send",
  queue: "email",
  lane: 1,
  tenant: "acme",
  dueAt: null,
  startedAt: null,
  worker: null,
  isReserved: false,
  concurrency: null,
  heldFor: null,
  hasRateSlot: false,
  rateLimit: null,
  retries: 0,
  lastError: null,
  isRevoked: false,
  pauses: {},
  workers: [able],
  ahead: 0,
  aheadInHigherLanes: 0,
  children: { pending: 0, byState: {} },
};
const pause = { at: "2026-11-23T11:00:00.000Z", by: "olga" };
const of = (change: Partial<LiveFacts>) => reasonsOf({ ...facts, ...change }, NOW);
const codes = (change: Partial<LiveFacts>) => of(change).map(({ code }) => code);

describe("a queued task", () => {
  test("has others ahead, or is the next", () => {
    expect(of({ ahead: 4, aheadInHigherLanes: 2 })).toEqual([
      {
        code: "AHEAD",
        message: "4 wait before it in its lane, 2 in higher lanes; 3 of 10 slots were busy",
        detail: { lane: "normal", tasks: 4, inHigherLanes: 2, slots: { busy: 3, size: 10 } },
      },
    ]);
    expect(of({})[0]?.message).toBe("it is the next of its lane; 3 of 10 slots were busy");
    expect(of({ ahead: MOST_COUNTED })[0]?.message).toContain("10000 or more");
  });

  test("may be paused by its queue, its type, its tenant, or all of them", () => {
    expect(codes({ pauses: { queue: pause, type: pause, tenant: pause } })).toEqual([
      "QUEUE_PAUSED",
      "TYPE_PAUSED",
      "TENANT_PAUSED",
      "AHEAD",
    ]);
    expect(of({ pauses: { queue: pause } })[0]).toEqual({
      code: "QUEUE_PAUSED",
      message: "the queue email has been paused since 2026-11-23T11:00:00.000Z by olga",
      detail: { queue: "email", ...pause },
    });
  });

  test("may have nobody to run it, and is told what is missing", () => {
    const said = (workers: LiveFacts["workers"]) => of({ workers }).find(({ code }) => code === "NO_CONSUMER")?.message;
    expect(said([])).toBe("no worker is running");
    expect(said([{ ...able, takesQueue: false }])).toBe("no worker takes from the queue email");
    expect(said([{ ...able, hasHandler: false }])).toBe("no worker has a handler for send");
    expect(said([{ ...able, draining: true }])).toBe("no worker takes from the queue email");
    expect(
      said([
        { ...able, hasHandler: false },
        { ...able, takesQueue: false },
      ]),
    ).toBe("no worker that takes from the queue email has a handler for send");
    expect(said([{ ...able, hasHandler: false }, able])).toBeUndefined();
  });
});

describe("a task that waits for its time", () => {
  test("is scheduled, and what will be in its way then is told, too", () => {
    const dueAt = "2026-11-23T13:00:00.000Z";
    expect(of({ state: "SCHEDULED", dueAt })).toEqual([
      { code: "SCHEDULED", message: `it is due at ${dueAt}`, detail: { at: dueAt } },
    ]);
    expect(codes({ state: "SCHEDULED", dueAt, workers: [], pauses: { queue: pause } })).toEqual([
      "SCHEDULED",
      "QUEUE_PAUSED",
      "NO_CONSUMER",
    ]);
    expect(of({ state: "SCHEDULED", dueAt: "2026-11-23T11:59:59.000Z" })[0]?.message).toContain("about to be queued");
  });

  test("waits for its retry with what it failed of, or for the slot of its rate", () => {
    const dueAt = "2026-11-23T12:00:10.000Z";
    expect(of({ state: "RETRY", dueAt, retries: 2, lastError: "smtp is down" })[0]).toEqual({
      code: "RETRY_AT",
      message: `retry 2 is due at ${dueAt}; it failed with: smtp is down`,
      detail: { at: dueAt, retries: 2, lastError: "smtp is down" },
    });
    expect(of({ state: "SCHEDULED", dueAt, hasRateSlot: true, rateLimit: "10/m" })).toEqual([
      {
        code: "RATE_LIMITED",
        message: `its rate of 10/m lets it start at ${dueAt}`,
        detail: { until: dueAt, rateLimit: "10/m" },
      },
    ]);
  });

  test("is held by a pause, without a time; after the pause it is on its way", () => {
    const held = { state: "SCHEDULED" as const, dueAt: "9999-12-31T00:00:00.000Z" };
    expect(codes({ ...held, heldFor: "type:send", pauses: { type: pause } })).toEqual(["TYPE_PAUSED"]);
    expect(codes({ ...held, heldFor: "tenant:acme", pauses: { tenant: pause } })).toEqual(["TENANT_PAUSED"]);
    expect(codes({ ...held, heldFor: "type:send", pauses: {} })).toEqual(["SCHEDULED"]);
    expect(JSON.stringify(of({ ...held, heldFor: "type:send", pauses: {} }))).not.toContain("9999");
  });
});

test("a claimed one that has not begun waits for a place of its type", () => {
  const claimed = { state: "STARTED" as const, worker: "w1", startedAt: "2026-11-23T11:59:00.000Z", isReserved: true };
  expect(of({ ...claimed, concurrency: 2 })).toEqual([
    {
      code: "CONCURRENCY_FULL",
      message: "the worker w1 has had it for 60 s; as many send run there as may (concurrency 2), so it has not begun",
      detail: { worker: "w1", startedAt: claimed.startedAt, task: "send", concurrency: 2, revoked: false },
    },
  ]);
  // Nobody here has the definition.
  expect(of(claimed)[0]?.message).toContain("as many send run there as may, so");
  expect(codes({ ...claimed, isReserved: false, concurrency: 2 })).toEqual(["RUNNING"]);
});

test("a started one runs, a waiting one has children, an ended one has ended", () => {
  const running = of({ state: "STARTED", worker: "w1", startedAt: "2026-11-23T11:59:00.000Z", isRevoked: true });
  expect(running[0]?.message).toBe("the worker w1 has had it for 60 s; it was told to stop");
  expect(of({ state: "WAITING", children: { pending: 1, byState: { RETRY: 1 } } })).toEqual([
    { code: "WAITING_FOR_CHILDREN", message: "it waits for 1 child", detail: { pending: 1, byState: { RETRY: 1 } } },
  ]);
  const ended = { finishedAt: "2026-11-23T11:00:00.000Z", deadLetter: null };
  const said = (more: object) =>
    reasonsOfEnded({ state: "REVOKED", reason: null, error: null, ...ended, ...more } as never)[0]?.message;
  expect(said({ reason: "expired", error: "x" })).toContain("it was not started in time");
  expect(said({ state: "FAILURE", error: "smtp is down" })).toBe(
    "it ended in FAILURE at 2026-11-23T11:00:00.000Z: smtp is down",
  );
  expect(said({ state: "SUCCESS" })).toBe("it ended in SUCCESS at 2026-11-23T11:00:00.000Z");
});
