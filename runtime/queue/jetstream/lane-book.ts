// Which rows of a lane are in the delivery engine. Normally all: they are published as they are accepted. When the
// engine is away, has lost messages, or holds enough of a lane (a million messages cost nats-server 600 MB), the lane
// gets a cursor: rows above it are claimed from the table itself, in order, until none is left. So an outage of the
// engine slows delivery down and never stops it.
import type { Database, Statement } from "../../../database/index.ts";
import { numberArray, plainArray, textArray } from "../../../database/index.ts";
import { LANES } from "../../contract/priority.ts";
import { type LaneName, laneKey } from "./names.ts";

const MARK: Statement = {
  name: "lane_mark",
  text: `
insert into task_lane as l (queue, lane, published_seq)
select u.queue, u.lane, u.seq from unnest($1::text::text[], $2::text::smallint[], $3::text::bigint[]) as u(queue, lane, seq)
order by u.queue, u.lane
on conflict (queue, lane) do update set published_seq = least(l.published_seq, excluded.published_seq)
where l.published_seq is null or l.published_seq > excluded.published_seq`,
};

/** A row committed after the look of `not exists` is marked after this statement, because marking needs the same lock. */
const CLOSE: Statement = {
  name: "lane_close",
  text: `
update task_lane l set published_seq = null
where l.published_seq is not null and not exists (
  select 1 from task t where t.queue = l.queue and t.lane = l.lane and t.state = 'QUEUED' and t.seq > l.published_seq)`,
};

interface LaneRow {
  readonly queue: string;
  readonly lane: number;
  readonly published_seq: number;
}

export class LaneBook {
  readonly #database: Database;
  #cursors = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Rows of the lane above this place must be claimed from the table; `undefined`: none, as far as last read. */
  cursor(lane: LaneName): number | undefined {
    return this.#cursors.get(laneKey(lane));
  }

  async refresh(): Promise<void> {
    const { rows } = await this.#database.query<LaneRow>(
      "select queue, lane::integer as lane, published_seq from task_lane where published_seq is not null",
    );
    this.#cursors = new Map(
      rows.map((row) => [laneKey({ queue: row.queue, lane: LANES[row.lane] ?? "normal" }), row.published_seq]),
    );
  }

  /** Rows at and above `seq` are not in the engine. */
  async mark(marks: readonly (LaneName & { readonly seq: number })[]): Promise<void> {
    if (marks.length === 0) return;
    await this.#database.query(MARK, [
      textArray(marks.map(({ queue }) => queue)),
      plainArray(marks.map(({ lane }) => LANES.indexOf(lane))),
      numberArray(marks.map(({ seq }) => seq - 1)),
    ]);
    for (const lane of marks) {
      this.#cursors.set(laneKey(lane), Math.min(this.cursor(lane) ?? lane.seq - 1, lane.seq - 1));
    }
  }

  /** Lanes whose rows above the cursor are all taken go back to normal. */
  async close(): Promise<void> {
    if (this.#cursors.size === 0) return;
    await this.#database.hot.query(CLOSE);
    await this.refresh();
  }
}
