/**
 * Loaded into every process of a fleet before `main.ts` (`--import`): one service more, beside `tickets`, whose tasks write
 * down what they do. Everything else of the process is the product. From the environment: FLEET_FOLDER (evidence).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { runs } from "../../../runtime/moleculer/index.ts";
import { SERVICES } from "../../../services/index.ts";
import type { ServiceModule } from "../../../services/service-module.ts";
import { EvidenceFile } from "./evidence.ts";
import { fleetEffect, fleetTick } from "./fleet-tasks.ts";

const module: ServiceModule = {
  name: "tickets",
  tasks: [fleetEffect, fleetTick],
  create() {
    const evidence = new EvidenceFile(process.env.FLEET_FOLDER ?? "");
    return {
      name: "fleet",
      tasks: {
        effect: runs(fleetEffect, async (ctx) => {
          const { task } = ctx.locals;
          const { n, ms } = ctx.params;
          evidence.note("start", task);
          await sleep(ms, undefined, { signal: task.signal });
          const done = await task.complete(async (tx) => {
            await tx.query("insert into fleet_effect (task_id, n) values ($1::uuid, $2::integer)", [task.id, n]);
            return { n };
          });
          evidence.note("end", task);
          return done;
        }),
        tick: runs(fleetTick, (ctx) => {
          const { task } = ctx.locals;
          return task.complete(async (tx) => {
            await tx.query("insert into fleet_tick (slot) values ($1::timestamptz)", [task.headers.slot ?? null]);
          });
        }),
      },
    };
  },
};

(SERVICES as ServiceModule[]).push(module);
