// Ends tasks that nobody started in time. A worker would refuse them anyway; this makes their end visible even when no
// worker runs.
import type { Database } from "../../database/index.ts";
import type { Foundation } from "../contract/foundation.ts";
import { finish } from "../results/index.ts";

const BATCH_ROWS = 1_000;

export class Expirer {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #joinable: (parentIds: readonly string[]) => void;

  constructor(database: Database, parts: Foundation, joinable: (parentIds: readonly string[]) => void) {
    this.#database = database;
    this.#parts = parts;
    this.#joinable = joinable;
  }

  async look(): Promise<void> {
    const now = this.#parts.clock.now();
    for (;;) {
      const { rows } = await this.#database.hot.query<{ id: string }>(
        `select id from task where expires_at <= $1::timestamptz and state in ('SCHEDULED', 'QUEUED', 'RETRY')
         order by expires_at limit $2::integer`,
        [new Date(now).toISOString(), BATCH_ROWS],
      );
      if (rows.length === 0) return;
      const ends = rows.map(({ id }) => ({
        id,
        attempt: 0,
        state: "REVOKED" as const,
        reason: "expired" as const,
        keepMs: 0,
      }));
      const moved = await finish(this.#database, "expired", ends, now);
      for (const { id, name, queue, attempt } of moved) {
        this.#parts.events.emit({ type: "revoked", id, name, queue, attempt, at: now });
      }
      this.#joinable(moved.map((row) => row.parent_id).filter((id) => id !== null));
      if (rows.length < BATCH_ROWS) return;
    }
  }
}
