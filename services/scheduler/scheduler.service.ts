// Schedules as a service: every operation as an action, and the clockwork that fires them. As many processes as like may
// run it; a slot fires once. A process that runs it and dies is missed by nobody.
import type { Context } from "moleculer";
import { z } from "zod";
import { type Clockwork, type Firing, instantSchema, messageOf, parseParams, tellOver } from "../../runtime/index.ts";
import { type AskerMeta, askerOf, audit, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { scheduleEvents } from "./events.ts";
import { examineSchedules } from "./examine-schedules.ts";
import { explain } from "./explain.ts";
import { FACILITY_SCHEDULES } from "./facility-schedules.ts";

const CLAIM_EVERY_MS = 60_000;

type Ctx = Context<unknown, AskerMeta>;

const named = z.object({ name: z.string() });
const change = z.looseObject({ name: z.string() });
const next = named.extend({ n: z.coerce.number().int().min(1).max(1_000).default(5) });
const backfill = z.strictObject({
  name: z.string(),
  from: instantSchema,
  to: instantSchema,
  dryRun: z.boolean().default(false),
});
const history = named.extend({ limit: z.coerce.number().int().min(1).max(500).default(50) });

export function schedulerService({ runtime, database, log }: ServiceParts): TaskServiceSchema {
  const { schedules } = runtime;
  let clockwork: Clockwork | undefined;
  let isStopped = false;
  let stopClaiming: () => void = () => {};

  const claimEveryMinute = () => {
    if (isStopped) return;
    stopClaiming = runtime.parts.clock.after(CLAIM_EVERY_MS, () => {
      schedules
        .claim(FACILITY_SCHEDULES)
        .catch((error: unknown) => log.warn(`the facility's schedules could not be claimed: ${messageOf(error)}`))
        .finally(claimEveryMinute);
    });
  };

  return {
    name: "scheduler",
    actions: {
      async list() {
        return { items: await schedules.list(), nextCursor: null };
      },
      get: (ctx: Ctx) => schedules.get(parseParams(named, ctx.params).name),
      async create(ctx: Ctx) {
        const created = await schedules.create(ctx.params, askerOf(ctx));
        await audit(database, ctx, "schedule.create", created.name, ctx.params);
        return created;
      },
      async change(ctx: Ctx) {
        const { name, ...changes } = parseParams(change, ctx.params);
        const changed = await schedules.change(name, changes, askerOf(ctx));
        await audit(database, ctx, "schedule.change", name, changes);
        return changed;
      },
      async remove(ctx: Ctx) {
        const { name } = parseParams(named, ctx.params);
        await schedules.remove(name);
        await audit(database, ctx, "schedule.remove", name);
        return { name, removed: true };
      },
      async run(ctx: Ctx) {
        const { name } = parseParams(named, ctx.params);
        const { id, state, queue } = await schedules.run(name);
        await audit(database, ctx, "schedule.run", name, { taskId: id });
        return { id, state, queue };
      },
      async backfill(ctx: Ctx) {
        const { name, ...stretch } = parseParams(backfill, ctx.params);
        const made = await schedules.backfill(name, stretch);
        if (!stretch.dryRun)
          await audit(database, ctx, "schedule.backfill", name, { ...stretch, slots: made.slots.length });
        return made;
      },
      async next(ctx: Ctx) {
        const { name, n } = parseParams(next, ctx.params);
        return { fires: await schedules.next(name, n) };
      },
      preview: (ctx: Ctx) => ({ fires: schedules.preview(ctx.params) }),
      history(ctx: Ctx) {
        const { name, limit } = parseParams(history, ctx.params);
        return schedules.history(name, limit);
      },
      /** Why it fires, or does not. */
      explain: (ctx: Ctx) => explain(runtime, parseParams(named, ctx.params).name),
      /** What is wrong with the schedules, or will be. */
      async check() {
        const findings = await examineSchedules(runtime);
        return { isHealthy: findings.every(({ severity }) => severity !== "error"), findings };
      },
    },

    async started() {
      const tell = tellOver(this.broker);
      const report = ({ fired, missed }: Firing) => {
        for (const slot of fired) tell(scheduleEvents.fired, slot);
        for (const slots of missed) {
          const times = `${slots.isAtLeast ? "at least " : ""}${slots.slots} ${slots.slots === 1 ? "slot" : "slots"}`;
          const what = slots.ran ? "ran late" : `did not run (${slots.reason})`;
          log.warn(
            `schedule ${slots.schedule}: ${times} up to ${slots.to} ${what}${slots.detail ? `: ${slots.detail}` : ""}`,
          );
          tell(scheduleEvents.missed, slots);
        }
      };
      await schedules.synchronise(FACILITY_SCHEDULES);
      clockwork = runtime.clockwork(report);
      clockwork.start();
      claimEveryMinute();
      // Workers announce themselves after the services have started: who attends which queue is the doctor's to tell.
      const findings = (await examineSchedules(runtime)).filter(({ code }) => code !== "QUEUE_UNATTENDED");
      for (const [code, found] of Map.groupBy(findings, (finding) => finding.code)) {
        const subjects = found.map(({ subject }) => subject).join(", ");
        log[found[0]?.severity === "error" ? "error" : "warn"](
          `schedules: ${code} (${found.length}): ${subjects}; \`apium doctor\` tells more`,
        );
      }
    },

    async stopped() {
      isStopped = true;
      stopClaiming();
      await clockwork?.stop();
    },
  };
}
