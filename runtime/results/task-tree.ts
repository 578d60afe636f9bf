// The family of a task: from the topmost parent that is still in the books down to the last descendant, live and ended ones
// alike. The way from the top to the task asked about is always in it; beyond that it is filled level by level until it has
// as many as one answer holds. Each id is taken once, so that nothing, however the rows are, can go round in a circle.
import type { Queryable, Statement } from "../../database/index.ts";
import { plainArray } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { TaskState } from "../contract/task-state.ts";

export const MOST_TREE_TASKS = 500;
/** Ancestors that are looked up, one after the other. */
const MOST_GENERATIONS = 50;

export interface TaskNode {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly state: TaskState;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Its place among its parent's children. */
  readonly childIndex: number | null;
  /** The task it was run in place of, by an operator; such a task has no parent. */
  readonly retryOf: string | null;
  /** The task that was run in place of it, the latest where there were several. */
  readonly retriedAs: string | null;
  readonly children: TaskNode[];
}

export interface TaskTree {
  readonly root: TaskNode;
  readonly count: number;
  /** There are more tasks than are shown. */
  readonly truncated: boolean;
}

interface Row {
  readonly id: string;
  readonly parent_id: string | null;
  readonly name: string;
  readonly queue: string;
  readonly state: TaskState;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly child_index: number | null;
  readonly retry_of: string | null;
  readonly retried_as: string | null;
}

const COLUMNS = "t.id, t.parent_id, t.name, t.queue, t.state::text as state, t.created_at, t.started_at";
const MORE = "t.child_index, t.retry_of";
const LIVE = `select ${COLUMNS}, null::timestamptz as finished_at, ${MORE}, null::uuid as retried_as from`;
const ENDED = `select ${COLUMNS}, t.finished_at, ${MORE}, t.retried_as from`;

const BY_ID: Statement = {
  name: "tree_task",
  text: `${LIVE} task t where t.id = $1::uuid union all ${ENDED} task_history t where t.id = $1::uuid limit 1`,
};

/** Children end after their root was accepted, so days before that need no look. */
const CHILDREN: Statement = {
  name: "tree_children",
  text: `
with parents as (select * from unnest($1::text::uuid[]) as p(id))
select * from (
  ${LIVE} parents p join task t on t.parent_id = p.id
  union all
  ${ENDED} parents p join task_history t on t.parent_id = p.id
  where t.finished_at >= $2::timestamptz - interval '1 hour') both_tables
order by parent_id, child_index, id limit $3::integer`,
};

/** `store` looks rows up by index only (`Database.hot`). @throws ApiumError `TASK_NOT_FOUND`. */
export async function taskTree(store: Queryable, id: string): Promise<TaskTree> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  const { way, isWhole } = await wayToTheTop(store, id);
  const [top] = way;
  if (top === undefined) throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
  const found = new Map(way.map((row) => [row.id, row]));
  const asked = new Set<string>();
  let truncated = !isWhole;
  for (let parents = [top.id]; parents.length > 0; ) {
    for (const parent of parents) asked.add(parent);
    const room = MOST_TREE_TASKS - found.size;
    // Those on the way come again; they are no news.
    const rows = await childrenOf(store, parents, top.created_at, room + way.length + 1);
    const fresh = rows.filter((row) => !found.has(row.id));
    if (fresh.length > room) truncated = true;
    for (const row of fresh.slice(0, room)) found.set(row.id, row);
    parents = fresh.length > room ? [] : rows.map((row) => row.id).filter((child) => !asked.has(child));
  }
  return { root: grow(top, found), count: found.size, truncated };
}

/** From the topmost ancestor to the task; not whole when there are more than are looked up. */
async function wayToTheTop(store: Queryable, id: string): Promise<{ way: Row[]; isWhole: boolean }> {
  const way: Row[] = [];
  for (let next: string | null = id; next !== null; ) {
    if (way.length > MOST_GENERATIONS || way.some((row) => row.id === next)) return { way, isWhole: false };
    const row: Row | undefined = await taskOf(store, next);
    if (row === undefined) break; // Its history has been pruned.
    way.unshift(row);
    next = row.parent_id;
  }
  return { way, isWhole: true };
}

async function taskOf(store: Queryable, id: string): Promise<Row | undefined> {
  const { rows } = await store.query<Row>(BY_ID, [id]);
  return rows[0];
}

async function childrenOf(store: Queryable, parents: readonly string[], since: Date, limit: number): Promise<Row[]> {
  const { rows } = await store.query<Row>(CHILDREN, [plainArray(parents), since.toISOString(), limit]);
  return rows;
}

function grow(top: Row, found: ReadonlyMap<string, Row>): TaskNode {
  const nodes = new Map([...found].map(([id, row]) => [id, toNode(row)]));
  const root = nodes.get(top.id) ?? toNode(top);
  for (const [id, { parent_id }] of found) {
    const node = nodes.get(id);
    if (node !== undefined && node !== root && parent_id !== null) nodes.get(parent_id)?.children.push(node);
  }
  for (const { children } of nodes.values()) children.sort(inOrder);
  return root;
}

function inOrder(a: TaskNode, b: TaskNode): number {
  return (a.childIndex ?? 0) - (b.childIndex ?? 0) || (a.id < b.id ? -1 : 1);
}

function toNode(row: Row): TaskNode {
  return {
    id: row.id,
    name: row.name,
    queue: row.queue,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    childIndex: row.child_index,
    retryOf: row.retry_of,
    retriedAs: row.retried_as,
    children: [],
  };
}
