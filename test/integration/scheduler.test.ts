/** The scheduler as a service: its events, its audit, the facility's schedules, and the command line and REST on top. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import {
  defineTask,
  type Finding,
  type FiredSlot,
  type MissedSlots,
  type ScheduleExplanation,
  type ScheduleView,
} from "../../runtime/index.ts";
import { runs } from "../../runtime/moleculer/index.ts";
import { FACILITY_SCHEDULES } from "../../services/scheduler/facility-schedules.ts";
import { schedulerModule } from "../../services/scheduler/index.ts";
import { type Backend, eventually, openBackend } from "../support/backends.ts";
import { type RunningServices, startServices } from "../support/services.ts";

const tick = defineTask({ name: "tick", params: z.strictObject({ n: z.number().optional() }), queue: "email" });
const user = { user: { name: "olga", role: "operator" } };

describe("the scheduler service", () => {
  let backend: Backend;
  let services: RunningServices;
  const fired: FiredSlot[] = [];
  const missed: MissedSlots[] = [];

  beforeAll(async () => {
    backend = await openBackend("pglite");
    services = await startServices(backend, {
      modules: [schedulerModule],
      tasks: [tick],
      listeners: [
        {
          name: "listener",
          events: {
            "schedule.fired": (ctx: { params: unknown }) => void fired.push(ctx.params as FiredSlot),
            "schedule.missed": (ctx: { params: unknown }) => void missed.push(ctx.params as MissedSlots),
          },
        },
        { name: "ticker", tasks: { tick: runs(tick, () => undefined) } } as never,
      ],
    });
  }, 400_000);
  afterEach(() => {
    fired.length = 0;
    missed.length = 0;
  });
  afterAll(async () => {
    await services.stop();
    await backend.close();
  }, 400_000);

  test("has the facility's schedules, with their original times", async () => {
    const list = async () => (await services.call<{ items: ScheduleView[] }>("scheduler.list")).items;
    const items = await list();
    expect(items.map(({ name, task, cron, origin }) => [name, task, cron, origin]).sort()).toEqual(
      FACILITY_SCHEDULES.map(({ name, task, timing }) => [
        name,
        task,
        timing.kind === "cron" ? timing.expression : undefined,
        "code",
      ]).sort(),
    );
    // One whose time has just come has its next one a moment later.
    await eventually(async () => {
      const now = Date.now();
      return (await list()).every(({ nextRunAt }) => Date.parse(nextRunAt ?? "") > now);
    });
  });

  test("tells the bus of each slot that fired, after its task was accepted", async () => {
    await services.call("scheduler.create", { name: "each", task: "tick", every: "1s" }, user);
    const first = await eventually(async () => fired.find(({ schedule, isLate }) => schedule === "each" && !isLate));
    expect(first).toMatchObject({ schedule: "each", task: "tick", isLate: false });
    expect(Date.parse(first.slot) % 1_000).toBe(0);
    await expect(services.runtime.getTask(first.taskId)).resolves.toMatchObject({ name: "tick", queue: "email" });
    await services.call("scheduler.remove", { name: "each" }, user);
  });

  test("tells the bus of slots that were not met", async () => {
    await services.call("scheduler.create", { name: "lost", task: "nobody_has_it", every: "1s" }, user);
    // On a quarter of an hour the facility's own are refused here as well; and a process that was busy misses several.
    expect(
      await eventually(async () => missed.find(({ schedule, slots }) => schedule === "lost" && slots === 1)),
    ).toMatchObject({
      schedule: "lost",
      reason: "refused",
      slots: 1,
      ran: false,
      detail: expect.stringContaining("nobody_has_it"),
    });
    await services.call("scheduler.remove", { name: "lost" }, user);
  });

  test("every change leaves an audit row with the name of who made it", async () => {
    const name = "audited";
    await services.call("scheduler.create", { name, task: "tick", every: "1h" }, user);
    await services.call("scheduler.change", { name, priority: 7 }, user);
    await services.call("scheduler.run", { name }, user);
    await services.call("scheduler.remove", { name }, user);
    const { rows } = await backend.database.query(
      "select actor, role, action from audit where target = $1 order by id",
      [name],
    );
    expect(rows).toEqual(
      ["create", "change", "run", "remove"].map((verb) => ({
        actor: "olga",
        role: "operator",
        action: `schedule.${verb}`,
      })),
    );
  });

  test("explains why a schedule fires, and why one does not", async () => {
    const codes = async (name: string) =>
      (await services.call<ScheduleExplanation>("scheduler.explain", { name })).reasons.map(({ code }) => code);
    await services.call("scheduler.create", { name: "asked", task: "tick", every: "1h" }, user);
    expect(await codes("asked")).toEqual(["DUE"]);
    await services.call("scheduler.change", { name: "asked", params: { m: 1 } }, user);
    expect(await codes("asked")).toEqual(["PARAMS_UNFIT"]);
    await services.call("scheduler.change", { name: "asked", enabled: false }, user);
    const { reasons } = await services.call<ScheduleExplanation>("scheduler.explain", { name: "asked" });
    expect(reasons).toMatchObject([{ code: "DISABLED", message: expect.stringContaining("olga") }]);
    await services.call("scheduler.remove", { name: "asked" }, user);

    await services.call("scheduler.create", { name: "nobodys", task: "nobody_has_it", every: "1s" }, user);
    await eventually(async () => (await codes("nobodys")).includes("MISSED"));
    const nobodys = await services.call<ScheduleExplanation>("scheduler.explain", { name: "nobodys" });
    expect(nobodys.reasons[0]).toMatchObject({ code: "TASK_MISSING", suggestion: expect.any(String) });
    expect(nobodys.reasons.at(-1)?.message).toMatch(/did not run: the task was refused: TASK_UNKNOWN/);
    await services.call("scheduler.remove", { name: "nobodys" }, user);
    // Its history can still be read; what there is no more fires for no reason.
    await expect(codes("nobodys")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
  });

  test("the doctor names schedules without a task, params that do not fit, and queues without a worker", async () => {
    await services.call("scheduler.create", { name: "unfit", task: "tick", every: "1h", params: { m: 1 } }, user);
    await services.call("scheduler.create", { name: "unattended", task: "tick", every: "1h", queue: "reports" }, user);
    const healthy = await services.call<{ isHealthy: boolean; findings: Finding[] }>("scheduler.check");
    const found = healthy.findings.map(({ code, subject }) => `${code} ${subject}`);
    expect(healthy.isHealthy).toBe(false);
    expect(found).toContain("PARAMS_UNFIT unfit");
    expect(found).toContain("TASK_MISSING move_media_to_cloud_storage");
    // The worker of this process takes from every queue.
    expect(found.filter((line) => line.startsWith("QUEUE_UNATTENDED"))).toEqual([]);
    await services.runtime.drain(1_000);
    await backend.database.query("delete from worker");
    const after = await services.call<{ findings: Finding[] }>("scheduler.check");
    expect(after.findings.map(({ code, subject }) => `${code} ${subject}`)).toEqual(
      expect.arrayContaining(["QUEUE_UNATTENDED email", "QUEUE_UNATTENDED reports"]),
    );
  });
});
