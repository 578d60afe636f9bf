// Revoking by filter: every live task that fits, a thousand at a time in the order of their ids, so that what is accepted
// meanwhile cannot keep it going for ever. With `dryRun` nothing is done but counting.
import type { TaskRegistry } from "../contract/registry.ts";
import { isFinal, type TaskState } from "../contract/task-state.ts";
import { type RevokeOptions, type RevokeParts, requestRevocations, revokeChildren, revokeIdle } from "./revoke.ts";
import { conditionsOf, type RevokeFilter } from "./task-filter.ts";

const BATCH_ROWS = 1_000;

export interface RevokeManyOptions extends RevokeOptions {
  readonly dryRun?: boolean | undefined;
}

export interface RevokedMany {
  readonly dryRun: boolean;
  /** Live tasks that fitted when it was asked. */
  readonly matched: number;
  readonly byState: Readonly<Partial<Record<TaskState, number>>>;
  /** Will not run. */
  readonly revoked: number;
  /** Run just now, and were told. */
  readonly requested: number;
}

/** @throws ApiumError `PARAMS_INVALID`, `QUEUE_UNKNOWN`. */
export async function revokeMany(
  parts: RevokeParts & { readonly registry: TaskRegistry },
  filter: RevokeFilter,
  options: RevokeManyOptions = {},
): Promise<RevokedMany> {
  const { where, parameters } = conditionsOf(filter, parts.registry.sensitive());
  const { rows } = await parts.database.query<{ state: TaskState; tasks: number; last: string }>(
    `select state::text as state, count(*)::integer as tasks, max(id::text) as last from task where ${where}
     group by state`,
    parameters,
  );
  const counted = {
    dryRun: options.dryRun === true,
    matched: rows.reduce((sum, { tasks }) => sum + tasks, 0),
    byState: Object.fromEntries(rows.map(({ state, tasks }) => [state, tasks])),
  };
  if (counted.dryRun || counted.matched === 0) return { ...counted, revoked: 0, requested: 0 };
  const last =
    rows
      .map((row) => row.last)
      .sort()
      .at(-1) ?? "";
  let revoked = 0;
  let requested = 0;
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const batch = await parts.database.query<{ id: string; state: TaskState }>(
      `select id, state::text as state from task
       where ${where} and id > $${parameters.length + 1}::uuid and id <= $${parameters.length + 2}::uuid
       order by id limit ${BATCH_ROWS}`,
      [...parameters, after, last],
    );
    const tasks = batch.rows;
    const end = tasks.at(-1);
    if (end === undefined) return { ...counted, revoked, requested };
    after = end.id;
    const done = await revokeBatch(parts, tasks, options);
    revoked += done.revoked;
    requested += done.requested;
  }
}

/** A task moves between the look and the deed: what was idle may run by now, and the other way round. */
async function revokeBatch(
  parts: RevokeParts,
  tasks: readonly { readonly id: string; readonly state: TaskState }[],
  options: RevokeOptions,
): Promise<{ revoked: number; requested: number }> {
  const ids = tasks.filter(({ state }) => !isFinal(state)).map(({ id }) => id);
  const moved = await revokeIdle(parts, ids);
  for (const { id, left_state } of moved) if (left_state === "WAITING") await revokeChildren(parts, id, options);
  const gone = new Set(moved.map(({ id }) => id));
  const left = ids.filter((id) => !gone.has(id));
  if (left.length === 0) return { revoked: moved.length, requested: 0 };
  const requested = await requestRevocations(parts, left, options);
  if (requested === left.length) return { revoked: moved.length, requested };
  const again = await revokeIdle(parts, left);
  return { revoked: moved.length + again.length, requested };
}
