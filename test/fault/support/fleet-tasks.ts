/** The tasks of a fleet under load, and the tables their effects go to. Nothing in these tables refuses a second effect. */
import { z } from "zod";
import { defineTask } from "../../../runtime/index.ts";

export const FLEET_TABLES = `
create table fleet_effect (task_id uuid not null, n integer not null);
create table fleet_tick (slot timestamptz not null);
`;

export const fleetEffect = defineTask({
  name: "fleet.effect",
  params: z.object({ n: z.number(), ms: z.number() }),
  result: z.object({ n: z.number() }),
});

export const fleetTick = defineTask({ name: "fleet.tick", params: z.object({}), maxRetries: 0 });
