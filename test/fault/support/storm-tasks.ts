/** The tasks of the storm, and the tables their effects go to. Nothing in these tables refuses a second effect. */
import { z } from "zod";
import type { Queryable } from "../../../database/index.ts";
import { defineTask } from "../../../runtime/index.ts";

/**
 * How an effect is written: `fenced` with the task's own success in one transaction (`complete`), `apart` in a
 * transaction of its own before the task returns, `loose` in statements that belong to no transaction.
 */
export const EFFECT_MODES = ["fenced", "apart", "loose"] as const;
export type EffectMode = (typeof EFFECT_MODES)[number];

const params = z.object({
  n: z.number(),
  sleepMs: z.number(),
  /** How long later attempts sleep, where that is different. */
  laterSleepMs: z.number().optional(),
  /** How long the first attempt keeps the transaction of a fenced effect open. */
  holdMs: z.number().optional(),
  /** How long the first attempt computes without letting go of the event loop. */
  blockMs: z.number().optional(),
  throwsFirst: z.boolean().optional(),
  mode: z.enum(EFFECT_MODES).optional(),
});
export type StormParams = z.input<typeof params>;

// A storm is no reason to give up on a task: only what is broken for good may end in failure.
const PATIENT = { maxRetries: 1_000, retryDelay: 100, maxCrashes: 100 };

export const stormEffect = defineTask({ name: "storm.effect", params, ...PATIENT });
export const stormPlain = defineTask({ name: "storm.plain", params, ...PATIENT });

const SHARDS = 16;

export const STORM_TABLES = `
create table effect (task_id uuid not null, attempt integer not null, mode text not null, at timestamptz not null default clock_timestamp());
create table effect_counter (mode text, shard integer, n bigint not null default 0, primary key (mode, shard));
insert into effect_counter (mode, shard)
select mode, shard from unnest(array['fenced', 'apart', 'loose']) mode, generate_series(0, ${SHARDS - 1}) shard;
`;

export async function writeEffect(
  store: Queryable,
  task: { readonly id: string; readonly attempt: number },
  mode: EffectMode,
  n: number,
): Promise<void> {
  await store.query("insert into effect (task_id, attempt, mode) values ($1::uuid, $2::integer, $3)", [
    task.id,
    task.attempt,
    mode,
  ]);
  await store.query("update effect_counter set n = n + 1 where mode = $1 and shard = $2::integer", [mode, n % SHARDS]);
}
