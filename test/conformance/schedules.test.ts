/** What every backend promises about schedules: a slot fires once, whoever fires; policies hold; an edit fires nothing. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import {
  type Clockwork,
  defineSchedule,
  defineTask,
  type Firing,
  type InlineHandler,
  type Runtime,
} from "../../runtime/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const tick = defineTask({ name: "tick", params: z.object({ n: z.number().default(0) }), maxRetries: 0 });
const HOUR_MS = 3_600_000;

describe.each(availableBackends())("schedules on %s", (backendName) => {
  let backend: Backend;
  let clockworks: Clockwork[] = [];
  let slots: Promise<unknown>[] = [];
  /** What holds tasks up is let go at the end, also of a test that failed. */
  const releases: (() => void)[] = [];
  const hold = (): (() => void) => {
    let release = () => {};
    slots.push(new Promise<void>((resolve) => (release = resolve)));
    releases.push(release);
    return release;
  };

  beforeAll(async () => {
    backend = await openBackend(backendName);
  }, 400_000);
  afterEach(async () => {
    for (const release of releases.splice(0)) release();
    await Promise.all(clockworks.map((clockwork) => clockwork.stop()));
    await Promise.all(slots);
    clockworks = [];
    slots = [];
    await backend.reset();
    await backend.database.script("delete from schedule; delete from schedule_slot; delete from schedule_miss");
  }, 400_000);
  afterAll(() => backend.close(), 180_000);

  const ticks = (seen: string[] = [], until?: Promise<void>): InlineHandler => ({
    task: tick,
    run: async (_params, context) => {
      seen.push(context.headers.slot ?? "");
      await until;
    },
  });

  async function withRuntime(seen?: string[], until?: Promise<void>): Promise<Runtime> {
    return backend.running([ticks(seen, until)], { concurrency: 50 });
  }

  function fire(runtime: Runtime): Firing[] {
    const firings: Firing[] = [];
    const clockwork = runtime.clockwork((firing) => firings.push(firing));
    clockworks.push(clockwork);
    clockwork.start();
    return firings;
  }

  /** As if nobody had looked at the schedule since then. */
  async function neglectSince(name: string, since: string): Promise<void> {
    await backend.database.query("update schedule set next_run_at = $2::timestamptz where name = $1", [name, since]);
  }

  async function neglect(name: string, sinceMs: number): Promise<number> {
    const since = Math.floor((Date.now() - sinceMs) / 60_000) * 60_000;
    await neglectSince(name, new Date(since).toISOString());
    return since;
  }

  /** Where a schedule begins whose slots are to stand at these minutes before now, and not where an hour happens to begin. */
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

  const slotRows = async (name: string) =>
    (
      await backend.database.query<{ slot: Date; state: string; task_id: string | null }>(
        "select slot, state, task_id::text from schedule_slot where schedule = $1 order by slot",
        [name],
      )
    ).rows;

  test("three clockworks, a schedule every second: each slot once, in time, in order", async () => {
    const seen: string[] = [];
    const runtime = await withRuntime(seen);
    await runtime.schedules.create({ name: "s", task: "tick", every: "1s" });
    const firings = [fire(runtime), fire(runtime), fire(runtime)];
    await eventually(async () => seen.length >= 4);
    const fired = firings.flat().flatMap((firing) => firing.fired);
    expect(new Set(fired.map(({ slot }) => slot)).size).toBe(fired.length);
    const instants = fired.map(({ slot }) => Date.parse(slot)).sort();
    expect(instants).toEqual(instants.map((_, index) => (instants[0] ?? 0) + index * 1_000));
    expect(new Set(seen).size).toBe(seen.length);
    const view = await runtime.schedules.get("s");
    expect(view).toMatchObject({ missedCount: 0, origin: "api", version: 1 });
    expect(view.totalRunCount).toBeGreaterThanOrEqual(4);
    expect(Date.parse(view.lastRunAt ?? "")).toBeGreaterThan(Date.now() - 60_000);
  });

  test("the task carries the schedule's params, queue, priority, expiry and slot", async () => {
    const runtime = await withRuntime();
    await runtime.schedules.create({
      ...{ name: "s", task: "tick", cron: "0 * * * *", params: { n: 7 }, queue: "email", priority: 8 },
      ...{ expires: "2h", jitter: "10m", misfire: "one" },
    });
    const since = await neglect("s", 30 * 60_000);
    await backend.database.query("update schedule set definition = $2::json where name = $1", [
      "s",
      JSON.stringify({
        name: "s",
        task: "tick",
        every: "1h",
        startAt: new Date(since).toISOString(),
        params: { n: 7 },
        queue: "email",
        priority: 8,
        expires: "2h",
        jitter: "1000d",
      }),
    ]);
    const [firing] = await firingsOf(fire(runtime));
    const task = await runtime.getTask(firing?.fired[0]?.taskId ?? "");
    expect(task).toMatchObject({
      name: "tick",
      state: "SCHEDULED",
      queue: "email",
      priority: 8,
      params: { n: 7 },
      expiresAt: new Date(since + 2 * HOUR_MS).toISOString(),
    });
  });

  const firingsOf = (firings: Firing[]) => eventually(async () => firings.length > 0 && firings);

  test.each([
    ["skip", 0],
    ["one", 1],
    ["all", 3],
  ] as const)("nobody was there for three slots: %s runs %d", async (misfire, runs) => {
    const runtime = await withRuntime();
    const startAt = minutesAgo(150);
    const input = { name: "s", task: "tick", every: "1h", startAt, misfire, misfireGrace: "0s" } as const;
    await runtime.schedules.create(input);
    await neglectSince("s", startAt);
    const [firing] = await firingsOf(fire(runtime));
    const due = 3;
    const history = await runtime.schedules.history("s", 10);
    expect(history.runs).toHaveLength(runs);
    expect(history.runs.every(({ isLate }) => isLate)).toBe(true);
    const missed = history.misses.reduce((sum, { slots }) => sum + slots, 0);
    expect(missed).toBe(due - history.runs.length);
    expect((await runtime.schedules.get("s")).missedCount).toBe(missed);
    // What ran late was not met in time either: it is told, as run.
    const told = firing?.missed.reduce((sum, { slots }) => sum + slots, 0);
    expect(told).toBe(due);
  });

  test.each([
    ["whose time is not over yet is", 190, 1],
    ["whose time is over is not", 220, 0],
  ])("a late run %s made up for", async (_which, minutes, made) => {
    const runtime = await withRuntime();
    const startAt = minutesAgo(minutes);
    await runtime.schedules.create({ name: "s", task: "tick", every: "1h", startAt, misfire: "all", expires: "30m" });
    await neglectSince("s", startAt);
    await firingsOf(fire(runtime));
    const { runs, misses } = await runtime.schedules.history("s", 10);
    expect(runs).toHaveLength(made);
    expect(misses.map(({ reason }) => reason)).toEqual(Array.from({ length: 4 - made }, () => "expired"));
  });

  test("overlap: skip leaves slots out while the last run goes on, and takes up again after it", async () => {
    const release = hold();
    const runtime = await withRuntime([], slots[0] as Promise<void>);
    await runtime.schedules.create({ name: "s", task: "tick", every: "1s", overlap: "skip" });
    fire(runtime);
    await eventually(async () => (await runtime.schedules.get("s")).missedCount >= 2);
    expect(await slotRows("s")).toHaveLength(1);
    release();
    await eventually(async () => (await slotRows("s")).length >= 2);
    const { misses } = await runtime.schedules.history("s", 10);
    expect(misses.every(({ reason }) => reason === "overlap")).toBe(true);
  });

  test("overlap: queue runs every slot, one at a time", async () => {
    const release = hold();
    const all: string[] = [];
    const began = Date.now();
    // A task that the test before has left may still come.
    const own = () => all.filter((slot) => Date.parse(slot) > began);
    const runtime = await withRuntime(all, slots[0] as Promise<void>);
    await runtime.schedules.create({ name: "s", task: "tick", every: "1s", overlap: "queue" });
    fire(runtime);
    await eventually(async () => own().length > 0 && (await runtime.schedules.get("s")).waitingSlots >= 2);
    expect(own()).toHaveLength(1);
    release();
    // One that ran, two that waited, and one more.
    await eventually(async () => own().length >= 4);
    const ran = own();
    const rows = await slotRows("s");
    expect(ran).toEqual(rows.slice(0, ran.length).map(({ slot }) => slot.toISOString()));
    expect((await runtime.schedules.get("s")).missedCount).toBe(0);
  });

  test("disabling takes back what waits; enabling starts from now", async () => {
    const release = hold();
    const runtime = await withRuntime([], slots[0] as Promise<void>);
    await runtime.schedules.create({ name: "s", task: "tick", every: "1s", overlap: "queue" });
    fire(runtime);
    await eventually(async () => (await runtime.schedules.get("s")).waitingSlots >= 1);
    const disabled = await runtime.schedules.change("s", { enabled: false });
    expect(disabled).toMatchObject({ enabled: false, nextRunAt: null, waitingSlots: 0 });
    const { misses } = await runtime.schedules.history("s", 10);
    expect(misses[0]).toMatchObject({ reason: "withdrawn" });
    release();
    const before = Date.now();
    const enabled = await runtime.schedules.change("s", { enabled: true, every: "1h" });
    expect(Date.parse(enabled.nextRunAt ?? "")).toBeGreaterThan(before);
  });

  test("an edit sets the next slot anew and fires nothing; what is forgotten by it is written down", async () => {
    const runtime = await withRuntime();
    await runtime.schedules.create({ name: "s", task: "tick", cron: "0 0 1 1 *" });
    await neglect("s", 2 * HOUR_MS);
    const changed = await runtime.schedules.change("s", { cron: "0 0 2 1 *" }, "ops");
    expect(changed).toMatchObject({ version: 2, updatedBy: "ops", cron: "0 0 2 1 *" });
    expect(Date.parse(changed.nextRunAt ?? "")).toBeGreaterThan(Date.now());
    const same = await runtime.schedules.change("s", { description: "only words" });
    expect(same.nextRunAt).toBe(changed.nextRunAt);
    fire(runtime);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await slotRows("s")).toEqual([]);
    expect((await runtime.schedules.history("s", 5)).misses[0]).toMatchObject({ reason: "withdrawn", isAtLeast: true });
  });

  test("one-off and clocked schedules run once", async () => {
    const runtime = await withRuntime();
    await runtime.schedules.create({ name: "once", task: "tick", every: "1s", oneOff: true });
    await runtime.schedules.create({ name: "at", task: "tick", at: new Date(Date.now() + 10_000).toISOString() });
    fire(runtime);
    await eventually(async () => (await slotRows("once")).length === 1 && (await slotRows("at")).length === 1, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await slotRows("once")).toHaveLength(1);
    expect(await runtime.schedules.get("once")).toMatchObject({ enabled: false, nextRunAt: null, totalRunCount: 1 });
    expect(await runtime.schedules.get("at")).toMatchObject({ nextRunAt: null, totalRunCount: 1 });
    const past = { name: "past", task: "tick", at: "2020-01-01T00:00:00Z" };
    await expect(runtime.schedules.create(past)).rejects.toMatchObject({ fields: [{ field: "at" }] });
  });

  test("a task that does not exist, or refuses the params: the slot is missed with the reason, others fire", async () => {
    const runtime = await withRuntime();
    await runtime.schedules.create({ name: "a", task: "nobody_has_it", every: "1s" });
    await runtime.schedules.create({ name: "b", task: "tick", every: "1s", params: { n: "seven" } });
    await runtime.schedules.create({ name: "c", task: "tick", every: "1s" });
    fire(runtime);
    await eventually(async () => (await slotRows("c")).length >= 2);
    const [a, b] = await eventually(async () => {
      const both = await Promise.all(["a", "b"].map((name) => runtime.schedules.history(name, 5)));
      return both.every(({ misses }) => misses.length > 0) && both;
    });
    expect(a?.misses[0]).toMatchObject({ reason: "refused", detail: expect.stringContaining("TASK_UNKNOWN") });
    expect(b?.misses[0]).toMatchObject({ reason: "refused", detail: expect.stringContaining("PARAMS_INVALID") });
    expect([a?.runs, b?.runs]).toEqual([[], []]);
  });

  test("a definition that can no longer be read stands still, says why, and can be mended", async () => {
    const runtime = await withRuntime();
    await runtime.schedules.create({ name: "s", task: "tick", every: "1s" });
    await backend.database.query("update schedule set definition = $1::json", [
      JSON.stringify({ name: "s", task: "tick", cron: "0 0 * * *", timezone: "Atlantis/Capital" }),
    ]);
    fire(runtime);
    await eventually(async () => (await runtime.schedules.get("s")).missedCount === 1);
    expect(await runtime.schedules.get("s")).toMatchObject({
      problem: expect.stringContaining("timezone"),
      nextRunAt: null,
    });
    expect(await runtime.schedules.definitions()).toMatchObject({ unreadable: [{ name: "s" }] });
    const mended = await runtime.schedules.change("s", { timezone: "UTC" });
    expect(mended.problem).toBeUndefined();
    expect(mended.nextRunAt).not.toBeNull();
  });

  test("run now leaves the next slot alone", async () => {
    const seen: string[] = [];
    const runtime = await withRuntime(seen);
    const { nextRunAt } = await runtime.schedules.create({ name: "s", task: "tick", cron: "0 0 1 1 *", enabled: true });
    const accepted = await runtime.schedules.run("s");
    await runtime.result(accepted.id);
    const view = await runtime.schedules.get("s");
    expect(view).toMatchObject({ nextRunAt, totalRunCount: 1, lastTaskId: accepted.id });
    const { runs } = await runtime.schedules.history("s", 5);
    expect(runs).toMatchObject([{ state: "manual", taskId: accepted.id, taskState: "SUCCESS" }]);
    await expect(runtime.schedules.run("nobody")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
  });

  test("backfill runs what has not run, each slot once, and says so beforehand", async () => {
    const seen: string[] = [];
    const runtime = await withRuntime(seen);
    const to = new Date(Math.floor(Date.now() / 60_000) * 60_000);
    const from = new Date(to.getTime() - 4 * 60_000);
    await runtime.schedules.create({ name: "s", task: "tick", every: "1m", expires: "1s", overlap: "skip" });
    const planned = await runtime.schedules.backfill("s", { from, to, dryRun: true });
    expect(planned).toMatchObject({ taskIds: [] });
    expect(planned.slots).toHaveLength(5);
    const made = await runtime.schedules.backfill("s", { from, to, dryRun: false });
    expect(made.slots).toEqual(planned.slots);
    const own = () => seen.filter((slot) => planned.slots.includes(slot));
    await eventually(async () => own().length >= 5);
    expect(own().toSorted()).toEqual(planned.slots);
    expect(await runtime.schedules.backfill("s", { from, to, dryRun: false })).toEqual({ slots: [], taskIds: [] });
    const tooFar = { from: new Date(0), to, dryRun: true };
    await expect(runtime.schedules.backfill("s", tooFar)).rejects.toMatchObject({ fields: [{ field: "to" }] });
  });

  test("schedules in code: changed ones replace, unchanged ones keep their place, gone ones go", async () => {
    const runtime = await withRuntime();
    const a = defineSchedule({ name: "a", task: "tick", cron: "0 0 1 1 *" });
    const b = defineSchedule({ name: "b", task: "tick", cron: "0 0 1 1 *" });
    await Promise.all([runtime.schedules.synchronise([a, b]), runtime.schedules.synchronise([a, b])]);
    await runtime.schedules.run("a");
    const since = await neglect("a", HOUR_MS);
    await runtime.schedules.synchronise([a, b]);
    expect(await runtime.schedules.get("a")).toMatchObject({
      version: 1,
      totalRunCount: 1,
      nextRunAt: new Date(since).toISOString(),
    });
    await runtime.schedules.change("b", { enabled: false });
    const changed = { cron: "0 0 2 1 *", task: "tick" };
    await runtime.schedules.synchronise(["a", "b"].map((name) => defineSchedule({ name, ...changed })));
    expect(await runtime.schedules.get("a")).toMatchObject({ version: 2, totalRunCount: 1, cron: "0 0 2 1 *" });
    expect(await runtime.schedules.get("b")).toMatchObject({ enabled: false, cron: "0 0 2 1 *" });
    await expect(runtime.schedules.remove("a")).rejects.toMatchObject({ code: "SCHEDULE_OF_CODE" });
    await runtime.schedules.create({ name: "mine", task: "tick", every: "1h" });
    await runtime.schedules.synchronise([a]);
    // An old process that starts during a deploy must not delete what the new ones have: it is claimed for ten minutes.
    expect((await runtime.schedules.list()).map(({ name }) => name)).toEqual(["a", "b", "mine"]);
    await backend.database.query("update schedule set claimed_at = claimed_at - interval '11 minutes'");
    await runtime.schedules.claim([a]);
    expect((await runtime.schedules.list()).map(({ name }) => name)).toEqual(["a", "mine"]);
    await runtime.schedules.remove("mine");
    await expect(runtime.schedules.get("mine")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
  });

  test("a preview shows what the schedule's own slots will be: from its start, not after its end", async () => {
    const runtime = await withRuntime();
    const start = Math.floor(Date.now() / 60_000) * 60_000 + 90_000;
    const given = {
      every: "7m",
      startAt: new Date(start).toISOString(),
      endAt: new Date(start + 15 * 60_000).toISOString(),
    };
    const expected = [0, 7, 14].map((minutes) => new Date(start + minutes * 60_000).toISOString());
    expect(runtime.schedules.preview({ ...given, n: 10 })).toEqual(expected);
    await runtime.schedules.create({ name: "s", task: "tick", ...given });
    expect(await runtime.schedules.next("s", 10)).toEqual(expected);
  });

  test("a name is taken once", async () => {
    const runtime = await withRuntime();
    await runtime.schedules.create({ name: "s", task: "tick", every: "1h" });
    await expect(runtime.schedules.create({ name: "s", task: "tick", every: "2h" })).rejects.toMatchObject({
      code: "SCHEDULE_EXISTS",
    });
  });
});
