/**
 * The system that the parity table is tried on: a gateway with accounts, the schedules, the cache and a worker in this process. `things`
 * makes what the table's words in angle brackets stand for.
 */
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema, taskOperations } from "../../runtime/moleculer/index.ts";
import { cacheModule } from "../../services/cache/index.ts";
import { doctorModule } from "../../services/doctor/index.ts";
import { accountsModule } from "../../services/facility/accounts-module.ts";
import { schedulerModule } from "../../services/scheduler/index.ts";
import { eventually } from "./backends.ts";
import { migrateServices } from "./services.ts";
import { openSmallGateway, type SmallGateway } from "./small-gateway.ts";

const text = z.object({ text: z.string().optional() });
const echo = defineTask({ name: "parity.echo", params: text });
const fails = defineTask({ name: "parity.fails", params: text, maxRetries: 0 });
const lingers = defineTask({ name: "parity.lingers", params: text });
const nothing = defineTask({ name: "parity.nothing", params: text, queue: "reports" });

const SLOTS = 16;
const QUEUES = ["default", "reports"];

const worker: TaskServiceSchema = {
  name: "parity-worker",
  tasks: {
    echo: runs(echo, async ({ params, locals }) => {
      locals.task.log.warn("it was told something", { length: params.text?.length ?? 0 });
      return { said: params.text };
    }),
    fails: runs(fails, async ({ params }) => {
      throw new Error(`it cannot say ${params.text}`);
    }),
    lingers: runs(lingers, async (ctx) => {
      const { signal } = ctx.locals.task;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    }),
    nothing: runs(nothing, async () => {}),
  },
};

/** What a word stands for, and what else came with it; both are shown as the word when answers are compared. */
export type Thing = readonly [value: string, ...others: string[]];

export interface ParityStage extends SmallGateway {
  readonly workerId: string;
  /** By word, without its brackets. */
  readonly things: Readonly<Record<string, () => Promise<Thing> | Thing>>;
  readonly resets: Readonly<Record<"slots" | "queues", () => Promise<unknown>>>;
  /** Until nothing is under way but what is meant to be. */
  settle(): Promise<void>;
}

export async function openParityStage(): Promise<ParityStage> {
  const gateway = await openSmallGateway({
    services: [worker],
    modules: [cacheModule, schedulerModule, doctorModule, accountsModule],
    runtime: { concurrency: SLOTS, queues: QUEUES },
  });
  const { broker, backend, runtime } = gateway;
  await migrateServices(backend);
  const call = <Answer>(action: string, params: object): Promise<Answer> => broker.call(action, params);
  // Nothing of theirs may happen while answers are compared.
  for (const { name } of (await call<{ items: { name: string }[] }>("scheduler.list", {})).items) {
    await call("scheduler.change", { name, enabled: false });
  }

  let made = 0;
  const mark = (kind: string) => `${kind}-${++made}-of-the-test`;
  const ended = async (id: string, state: string) => {
    await eventually(async () => (await runtime.resultOf(id)).state === state, 60_000);
    return id;
  };
  const makeEnded = async () => ended((await echo.enqueue(runtime, { text: "done" })).id, "SUCCESS");
  const makeFailed = async (said = "x") => ended((await fails.enqueue(runtime, { text: said })).id, "FAILURE");
  const makeWaiting = async (said = "later") => {
    const { id } = await echo.enqueue(runtime, { text: said }, { countdown: "1h", headers: { parity: said } });
    return id;
  };
  const makeRunning = async () => {
    const { id } = await lingers.enqueue(runtime, {});
    await eventually(async () => runtime.worker?.active().some((task) => task.id === id));
    return id;
  };
  const makeLetter = async (): Promise<Thing> => {
    const task = await makeFailed(mark("letter"));
    const { rows } = await backend.database.query<{ id: string }>(
      "select id from dead_letter where task_id = $1::uuid",
      [task],
    );
    return [rows[0]?.id ?? "", task];
  };
  /** An enabled one's time does not come while it is tried. */
  const makeSchedule = async ({ enabled = false } = {}) => {
    const name = mark("schedule");
    await call("scheduler.create", {
      name,
      task: "parity.nothing",
      cron: enabled ? "0 0 29 2 *" : "0 * * * *",
      enabled,
    });
    return name;
  };
  const makeKey = async (key: string, { value = 5 as unknown, tags = [] as readonly string[] } = {}) => {
    await call("cache.set", { key, value, ttl: "1h", tags });
    return key;
  };
  const makePausedTenant = async (tenant: string) => {
    await call("tasks.control.pause", { tenant });
    return tenant;
  };
  /** Another worker, in a broker of its own, for somebody to shut down. */
  const makeWorker = async (): Promise<Thing> => {
    const node = mark("node");
    const other = backend.runtime({ queues: ["critical"] });
    const its = gateway.brokerFor(node, other);
    its.createService(taskOperations(other));
    other.handle({ task: nothing, run: () => undefined });
    await other.open();
    await its.start();
    await other.work();
    const here = broker as unknown as { registry: { getActionEndpoints(n: string): { endpoints: { id: string }[] } } };
    await eventually(async () =>
      here.registry.getActionEndpoints("tasks.here").endpoints.some(({ id }) => id === node),
    );
    return [other.worker?.worker ?? "", node];
  };
  const twice = async (make: (said: string) => Promise<string>, kind: string): Promise<Thing> => {
    const said = mark(kind);
    const ids = [await make(said), await make(said)];
    return [said, ...ids];
  };

  const areCountsNew = async () => {
    const { rows } = await backend.database.query<{ queue: string; waits: number; runs: number; later: number }>(
      `select queue, (count(*) filter (where state = 'QUEUED'))::integer as waits,
         (count(*) filter (where state = 'STARTED'))::integer as runs,
         (count(*) filter (where state in ('SCHEDULED', 'RETRY')))::integer as later from task group by queue`,
    );
    return (await runtime.queues()).every(({ name, queued, started, scheduled }) => {
      const { waits = 0, runs = 0, later = 0 } = rows.find(({ queue }) => queue === name) ?? {};
      return queued === waits && started === runs && scheduled === later;
    });
  };

  const running = await makeRunning();
  const waiting = (await lingers.enqueue(runtime, {}, { countdown: "2h", uniqueKey: "parity-unique" })).id;
  const [alreadyEnded, letter, schedule] = [await makeEnded(), (await makeLetter())[0], await makeSchedule()];
  await ended((await call<{ id: string }>("scheduler.run", { name: schedule })).id, "SUCCESS");
  const family = await runtime.group([echo.with({ text: "first" }), echo.with({ text: "second" })]);
  await ended(family.id, "SUCCESS");
  await runtime.revoke(await makeWaiting());
  await makePausedTenant("parity-tenant");
  await makeKey("parity-key", { value: { of: ["the", "test"] } });
  for (const queue of ["maintenance", "maintenance"]) await nothing.enqueue(runtime, {}, { queue });
  const workerId = runtime.worker?.worker ?? "";

  return {
    ...gateway,
    workerId,
    things: {
      worker: () => [workerId],
      running: () => [running],
      waiting: () => [waiting],
      ended: () => [alreadyEnded],
      parent: () => [family.id],
      letter: () => [letter],
      schedule: () => [schedule],
      key: () => ["parity-key"],
      text: () => ["hello"],
      "fresh running": async () => [await makeRunning()],
      "fresh waiting": async () => [await makeWaiting()],
      "fresh ended": async () => [await makeEnded()],
      "fresh failed": async () => [await makeFailed()],
      "fresh letter": makeLetter,
      "fresh schedule": async () => [await makeSchedule()],
      "fresh enabled schedule": async () => [await makeSchedule({ enabled: true })],
      "schedule name": () => [mark("schedule")],
      "fresh key": async () => [await makeKey(mark("key"))],
      "fresh tag": async () => {
        const tag = mark("tag");
        return [tag, await makeKey(mark("key"), { tags: [tag] })];
      },
      cache: async () => {
        await call("cache.set", { cache: "select2", key: mark("key"), value: 5 });
        return ["select2"];
      },
      "fresh worker": makeWorker,
      "fresh paused tenant": async () => [await makePausedTenant(mark("tenant"))],
      "paused queue": async () => {
        await call("tasks.pause", { name: "external_api" });
        return ["external_api"];
      },
      "waiting mark": () => twice(makeWaiting, "waiting"),
      "failed mark": () => twice(makeFailed, "failed"),
      "letter mark": () => twice(makeFailed, "letter"),
      "purge queue": async () => {
        for (const queue of ["low_priority", "low_priority"]) await nothing.enqueue(runtime, {}, { queue });
        return ["low_priority"];
      },
    },
    resets: {
      slots: async () => runtime.worker?.resize(SLOTS),
      queues: async () => runtime.worker?.consumeFrom(QUEUES),
    },
    async settle() {
      // What was only meant to be ended still runs.
      for (const { id } of runtime.worker?.active() ?? []) {
        if (id !== running) await runtime.revoke(id).catch(() => {});
      }
      await eventually(
        async () => runtime.worker?.active().length === 1 && runtime.worker.reserved().length === 0,
        60_000,
      );
      // Counts are given out for some seconds and ends are written every five: what one face saw, the next would not.
      await runtime.series.flush();
      await eventually(areCountsNew, 60_000);
    },
  };
}
