/** Workers, nats-server and PostgreSQL are killed at random while thousands of tasks are enqueued and run. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventually } from "../support/backends.ts";
import { describeWith } from "../support/requires.ts";
import { deadMessagesRemoved, openStage, type Stage } from "./support/stage.ts";
import { judgeStorm, printTable, stormTable } from "./support/storm-checker.ts";
import { runStorm, type StormOptions, stormSeed } from "./support/storm-run.ts";

const isLong = process.env.FAULT_ALL === "1";

const STORM: Omit<StormOptions, "seed"> = {
  tasks: isLong ? 10_000 : 3_000,
  stormMs: isLong ? 120_000 : 35_000,
  modes: ["fenced"],
  weather: {
    worker: { every: [1_000, 3_500], lasts: [0, 0] },
    nats: { every: [2_000, 6_000], lasts: [50, 1_500] },
    postgres: { every: [10_000, 17_000], lasts: [50, 1_000] },
  },
  quiesceMs: 150_000,
};

/** The lease, a look, and its place in line behind what has gathered, which on a busy machine is the most of it. */
const RECOVERED_WITHIN_MS = 60_000;

describeWith(["nats", "postgres"], "a storm of crashes", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  }, 400_000);
  afterAll(() => stage.close(), 180_000);

  test("no task is lost and every effect happens once, whatever is killed and when", async () => {
    const seed = stormSeed();
    const storm = await runStorm(stage, { ...STORM, seed });
    const verdict = judgeStorm(storm);
    const streams = await emptyStreams(stage);
    printTable("crash storm", [
      ...stormTable(storm, verdict),
      ["dead messages removed by the upkeep", deadMessagesRemoved(stage)],
      ["messages in the streams when quiet", streams.atFirst],
      ["streams empty after", `${streams.seconds.toFixed(1)} s`],
    ]);
    expect({ seed, problems: verdict.problems }).toEqual({ seed, problems: [] });
    expect(verdict.accepted).toBe(STORM.tasks);
    expect(verdict.recovery.undisturbed.at(-1) ?? 0).toBeLessThan(RECOVERED_WITHIN_MS);
    for (const kind of ["worker", "nats", "postgres"]) {
      expect(storm.faults.filter((fault) => fault.kind === kind).length).toBeGreaterThan(0);
    }
  }, 600_000);
});

/** Nothing waits, nothing is handed out, and the upkeep removes what a crash of the server brought back to life. */
async function emptyStreams(stage: Stage): Promise<{ atFirst: number; seconds: number }> {
  const begin = Date.now();
  const look = () =>
    stage.withJetStream(async (manager) => {
      let messages = 0;
      let waiting = 0;
      for await (const { config, state } of manager.streams.list()) {
        messages += state.messages;
        for await (const info of manager.consumers.list(config.name))
          waiting += info.num_pending + info.num_ack_pending;
      }
      return { messages, waiting };
    });
  const first = await look();
  let last = first;
  await eventually(async () => {
    last = await look();
    return last.messages === 0 && last.waiting === 0;
  }, 120_000).catch(() => {});
  expect(last).toEqual({ messages: 0, waiting: 0 });
  return { atFirst: first.messages, seconds: (Date.now() - begin) / 1_000 };
}
