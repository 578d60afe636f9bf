/**
 * The test of the test: the checker of the crash storm must find what the fence prevents. The same storm, with hangs
 * that outlast the lease, runs tasks whose effects are written under the fence beside tasks whose effects are not; and
 * tasks that were never written into the books, only published.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { jetstream } from "@nats-io/jetstream";
import { describeWith } from "../support/requires.ts";
import { openStage, type Stage } from "./support/stage.ts";
import { judgeStorm, printTable, stormTable } from "./support/storm-checker.ts";
import { runStorm, type Storm, stormSeed } from "./support/storm-run.ts";

describeWith(["nats", "postgres"], "a storm without the fence", () => {
  let stage: Stage;
  let storm: Storm;
  beforeAll(async () => {
    stage = await openStage();
    storm = await runStorm(stage, {
      seed: stormSeed(),
      tasks: 600,
      longShare: 0.25,
      stormMs: 14_000,
      modes: ["fenced", "apart", "loose"],
      weather: {
        worker: { every: [1_000, 2_500], lasts: [0, 0] },
        // The first must begin early enough to end within the storm, and last for longer than a slow takeover.
        hang: { every: [100, 700], lasts: [13_000, 13_200] },
        nats: { every: [3_000, 6_000], lasts: [50, 500] },
      },
      quiesceMs: 120_000,
    });
  }, 400_000);
  afterAll(() => stage.close(), 180_000);

  test("effects written apart from the task's end happen twice, and the checker says so", () => {
    const verdict = judgeStorm(storm);
    const { fenced, apart, loose } = verdict.effects;
    printTable("storm without the fence", [
      ...stormTable(storm, verdict),
      ["effects in a transaction of their own", `${apart.effects} of ${apart.tasks} tasks, doubled ${apart.doubled}`],
      ["effects in no transaction", `${loose.effects} of ${loose.tasks} tasks, doubled ${loose.doubled}`],
    ]);
    expect(storm.faults.some(({ kind }) => kind === "hang")).toBe(true);
    expect({ seed: storm.options.seed, fenced: fenced.doubled, missing: fenced.missing }).toEqual({
      seed: storm.options.seed,
      fenced: 0,
      missing: 0,
    });
    expect(apart.doubled + loose.doubled).toBeGreaterThan(0);
    expect(verdict.problems.length).toBeGreaterThan(0);
    for (const problem of verdict.problems) expect(problem).toMatch(/apart|loose/);
  });

  test("tasks that are only published and in no book are lost, and the checker says so", async () => {
    const ids = Array.from({ length: 50 }, () => randomUUID());
    const worker = stage.worker();
    await worker.ready;
    const left = await stage.withJetStream(async (manager, connection) => {
      for (const id of ids) {
        const message = JSON.stringify({ v: 1, id, attempt: 1 });
        await jetstream(connection).publish(`tasks.default.normal.${id}`, message);
      }
      for (;;) {
        const { state } = await manager.streams.info("TASKS_DEFAULT");
        if (state.messages === 0) return state.messages;
      }
    });
    expect(left).toBe(0);
    const accepted = new Map([...storm.accepted, ...ids.map((id) => [id, "none"] as const)]);
    expect(judgeStorm({ ...storm, accepted }).lost).toBe(ids.length);
  }, 400_000);
});
