// The orphan sweep: ends children whose parent has ended before them. Whoever ends a parent early revokes its children in
// a second step; where the process dies between the two, they would live on and run for nobody. Every join waits for all
// of its children or revokes what is left, whatever its policy, so a live child of a parent that is no longer live is one.
import type { Database, Statement } from "../../database/index.ts";
import { byIndex } from "../../database/index.ts";

/** Parents of one look. The next goes on after the last of them, so that a look costs the same however many there are. */
const PARENTS_A_LOOK = 1_000;
const BATCH_ROWS = 1_000;
/** Before every other. */
const NO_ID = "00000000-0000-0000-0000-000000000000";

/** Steps from parent to parent through the index of children, however many each has. */
const ENDED_PARENTS: Statement = {
  name: "ended_parents",
  text: `
with recursive parent(id, step) as (
  (select parent_id, 1 from task where parent_id > $1::uuid order by parent_id limit 1)
  union all
  select (select c.parent_id from task c where c.parent_id > parent.id order by c.parent_id limit 1), parent.step + 1
  from parent where parent.id is not null and parent.step < $2::integer),
looked as (
  select id, step, not exists (select 1 from task p where ${byIndex("p.id", "parent.id")}) as ended
  from parent where id is not null)
select id, step, ended, ended and exists (
  select 1 from task_history h where ${byIndex("h.id", "looked.id")} and h.state::text = 'FAILURE') as failed
from looked where ended or step = $2::integer order by step`,
};

/** Those that run and were told already are left to their workers. */
const ORPHANS: Statement = {
  name: "orphans",
  text: `select id from task where parent_id = $1::uuid and id > $2::uuid and revocation is null
         order by parent_id, id limit ${BATCH_ROWS}`,
};

export interface OrphanSweepParts {
  readonly database: Database;
  /** Revokes live tasks and their children; `terminate` ends what runs too, after its grace. */
  readonly revoke: (ids: readonly string[], options: { readonly terminate: boolean }) => Promise<unknown>;
}

export class OrphanSweep {
  readonly #parts: OrphanSweepParts;
  #after = NO_ID;

  constructor(parts: OrphanSweepParts) {
    this.#parts = parts;
  }

  /** Children of a parent that failed are ended as the joiner would have; those of one that was revoked are asked to end. */
  async look(): Promise<void> {
    const { rows } = await this.#parts.database.hot.query<{
      id: string;
      step: number;
      ended: boolean;
      failed: boolean;
    }>(ENDED_PARENTS, [this.#after, PARENTS_A_LOOK]);
    for (const { id, ended, failed } of rows) if (ended) await this.#revokeChildren(id, failed);
    this.#after = rows.find(({ step }) => step === PARENTS_A_LOOK)?.id ?? NO_ID;
  }

  async #revokeChildren(parentId: string, terminate: boolean): Promise<void> {
    for (let after: string | undefined = NO_ID; after !== undefined; ) {
      const { rows }: { rows: { id: string }[] } = await this.#parts.database.hot.query<{ id: string }>(ORPHANS, [
        parentId,
        after,
      ]);
      if (rows.length === 0) return;
      await this.#parts.revoke(
        rows.map(({ id }) => id),
        { terminate },
      );
      after = rows.at(-1)?.id;
    }
  }
}
