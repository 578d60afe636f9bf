// Revoking by filter: every live task that fits, a thousand at a time in the order of their ids, so that what is accepted
// meanwhile cannot keep it going for ever. With `dryRun` nothing is done but counting.
import type { TaskRegistry } from "../contract/registry.ts";
import type { TaskState } from "../contract/task-state.ts";
import { BATCH_ROWS, NO_ID, type RevokeOptions, type RevokeParts, revokeEach } from "./revoke.ts";
import { conditionsOf, type RevokeFilter } from "./task-filter.ts";

export interface RevokeManyOptions extends RevokeOptions {
  readonly dryRun?: boolean | undefined;
  /** Hears how far it has come: before the first task is revoked, and after each thousand. */
  readonly onProgress?: ((soFar: RevokedMany) => void) | undefined;
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
  for (let after = NO_ID; ; ) {
    options.onProgress?.({ ...counted, revoked, requested });
    const batch = await parts.database.query<{ id: string }>(
      `select id from task
       where ${where} and id > $${parameters.length + 1}::uuid and id <= $${parameters.length + 2}::uuid
       order by id limit ${BATCH_ROWS}`,
      [...parameters, after, last],
    );
    const ids = batch.rows.map(({ id }) => id);
    const end = ids.at(-1);
    if (end === undefined) return { ...counted, revoked, requested };
    after = end;
    const done = await revokeEach(parts, ids, options);
    revoked += done.revoked;
    requested += done.requested;
  }
}
