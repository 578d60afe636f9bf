// Running again what has ended: a finished task as a new one (`retryOf` names the old), a dead letter with its
// parameters as they were or edited.
import type { Database } from "../../database/index.ts";
import { insertTasks } from "../caller/index.ts";
import type { Dispatcher } from "../contract/dispatch.ts";
import { ApiumError, codeOf } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import { encodeParams } from "../contract/json.ts";
import { laneOf } from "../contract/priority.ts";
import type { TaskRegistry } from "../contract/registry.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import { validateParams } from "../contract/task-definition.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { Page } from "../results/index.ts";

/** Dead letters requeued by one call at most. */
const MOST_REQUEUED = 1_000;

export interface RequeueParts extends Foundation {
  readonly database: Database;
  readonly queue: Dispatcher;
  readonly registry: TaskRegistry;
}

export interface DeadLetterView {
  readonly id: string;
  readonly taskId: string | null;
  readonly name: string | null;
  readonly queue: string;
  /** Null for a kind whose parameters are sensitive. */
  readonly params: unknown;
  /** Base64 of the first bytes, for what was no task at all. */
  readonly raw: string | null;
  readonly error: unknown;
  readonly createdAt: string;
  readonly handledAt: string | null;
  readonly handledBy: string | null;
  readonly requeuedAs: string | null;
}

interface LetterRow {
  readonly id: string;
  readonly task_id: string | null;
  readonly name: string | null;
  readonly queue: string;
  readonly priority: number | null;
  readonly params: unknown;
  readonly overrides: unknown;
  readonly headers: unknown;
  readonly raw: string | null;
  readonly error: unknown;
  readonly created_at: Date;
  readonly handled_at: Date | null;
  readonly handled_by: string | null;
  readonly requeued_as: string | null;
}

const LETTER = `select id, task_id, name, queue, priority, params, overrides, headers, encode(raw, 'base64') as raw, error,
  created_at, handled_at, handled_by, requeued_as from dead_letter`;

/** Runs a finished task again. @throws ApiumError `TASK_NOT_FOUND`, `TASK_NOT_FINISHED`, `PARAMS_INVALID`. */
export async function retryTask(parts: RequeueParts, id: string): Promise<AcceptedTask> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  const { rows } = await parts.database.query<{
    name: string;
    queue: string;
    priority: number;
    params: unknown;
    headers: unknown;
  }>("select name, queue, priority, params, headers from task_history where id = $1::uuid", [id]);
  const old = rows[0];
  if (old !== undefined) return insertAgain(parts, { ...old, overrides: null }, id);
  const live = await parts.database.query("select 1 from task where id = $1::uuid", [id]);
  if (live.rows.length > 0) throw new ApiumError("TASK_NOT_FINISHED", `task ${id} has not ended yet`);
  throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
}

export interface DeadLetterFilter {
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
  readonly handled?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Dead letters, the oldest first; open ones unless asked for handled ones. */
export async function listDeadLetters(
  parts: RequeueParts,
  filter: DeadLetterFilter = {},
): Promise<Page<DeadLetterView>> {
  const limit = filter.limit ?? 50;
  const [at, after] = filter.cursor?.split("_") ?? [];
  const { rows } = await parts.database.query<LetterRow>(
    `${LETTER} where (handled_at is not null) = $1 and ($2::text is null or name = $2) and ($3::text is null or queue = $3)
       and ($4::timestamptz is null or (date_trunc('milliseconds', created_at), id) > ($4::timestamptz, $5::uuid))
     order by date_trunc('milliseconds', created_at), id limit $6::integer`,
    [filter.handled ?? false, filter.name ?? null, filter.queue ?? null, at ?? null, after ?? null, limit + 1],
  );
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const sensitive = parts.registry.sensitive();
  return {
    items: items.map((row) => {
      const view = toView(row);
      return sensitive.includes(view.name ?? "") ? { ...view, params: null } : view;
    }),
    nextCursor: rows.length > limit && last ? `${last.created_at.toISOString()}_${last.id}` : null,
  };
}

/**
 * Makes a dead letter a new task, with edited parameters where given.
 * @throws ApiumError `DEAD_LETTER_NOT_FOUND`, `DEAD_LETTER_HANDLED`, `TASK_UNKNOWN`, `PARAMS_INVALID`.
 */
export async function requeueDeadLetter(
  parts: RequeueParts,
  id: string,
  options: { readonly params?: unknown; readonly by?: string | undefined } = {},
): Promise<AcceptedTask> {
  return parts.database.transaction(async (tx) => {
    const { rows } = isTaskId(id)
      ? await tx.query<LetterRow>(`${LETTER} where id = $1::uuid for update`, [id])
      : { rows: [] };
    const letter = rows[0];
    if (letter === undefined) throw new ApiumError("DEAD_LETTER_NOT_FOUND", `there is no dead letter ${id}`);
    if (letter.handled_at !== null) throw new ApiumError("DEAD_LETTER_HANDLED");
    if (letter.name === null) {
      throw new ApiumError("TASK_UNKNOWN", "these bytes were no task; there is nothing to requeue, only to dismiss");
    }
    const source = {
      ...letter,
      name: letter.name,
      priority: letter.priority ?? 5,
      params: options.params ?? letter.params,
    };
    const accepted = await insertAgain(parts, source, letter.task_id ?? undefined, tx);
    await tx.query(
      "update dead_letter set handled_at = clock_timestamp(), handled_by = $2, requeued_as = $3::uuid where id = $1::uuid",
      [id, options.by ?? null, accepted.id],
    );
    return accepted;
  });
}

/** Requeues open dead letters that fit, as they are; those that cannot be requeued stay and are named. */
export async function requeueDeadLetters(
  parts: RequeueParts,
  filter: {
    readonly name?: string | undefined;
    readonly queue?: string | undefined;
    readonly limit?: number | undefined;
  },
  by?: string,
): Promise<{ readonly requeued: string[]; readonly refused: { readonly id: string; readonly code: string }[] }> {
  const requeued: string[] = [];
  const refused: { id: string; code: string }[] = [];
  const { items } = await listDeadLetters(parts, { ...filter, limit: filter.limit ?? MOST_REQUEUED });
  for (const { id } of items) {
    try {
      requeued.push((await requeueDeadLetter(parts, id, { by })).id);
    } catch (error) {
      refused.push({ id, code: codeOf(error) ?? "INTERNAL" });
    }
  }
  return { requeued, refused };
}

/** Marks a dead letter as handled without running anything. @throws ApiumError `DEAD_LETTER_NOT_FOUND`. */
export async function dismissDeadLetter(parts: RequeueParts, id: string, by?: string): Promise<void> {
  const { affected } = await parts.database.query(
    "update dead_letter set handled_at = clock_timestamp(), handled_by = $2 where id::text = $1 and handled_at is null",
    [id, by ?? null],
  );
  if (affected === 0) throw new ApiumError("DEAD_LETTER_NOT_FOUND", `there is no open dead letter ${id}`);
}

interface Source {
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly params: unknown;
  readonly overrides: unknown;
  readonly headers: unknown;
}

async function insertAgain(
  parts: RequeueParts,
  source: Source,
  retryOf: string | undefined,
  tx?: Parameters<Parameters<Database["transaction"]>[0]>[0],
): Promise<AcceptedTask> {
  const params = validateParams(parts.registry.get(source.name), source.params);
  const id = parts.newId();
  const lane = laneOf(source.priority);
  const inserted = await insertTasks(tx ?? parts.database.hot, {
    name: source.name,
    queue: source.queue,
    lane,
    priority: source.priority,
    state: "QUEUED",
    ids: [id],
    params: [encodeParams(params)],
    overrides: source.overrides === null ? undefined : JSON.stringify(source.overrides),
    headers: source.headers === null ? undefined : JSON.stringify(source.headers),
    createdAt: parts.clock.now(),
    retryOf,
  });
  const tell = () => parts.queue.dispatch([{ id, attempt: 1, queue: source.queue, lane, seq: inserted.first }]);
  if (tx === undefined) tell();
  else tx.afterCommit(tell);
  return { id, state: "QUEUED", queue: source.queue, created: true };
}

function toView(row: LetterRow): DeadLetterView {
  return {
    id: row.id,
    taskId: row.task_id,
    name: row.name,
    queue: row.queue,
    params: row.params,
    raw: row.raw,
    error: row.error,
    createdAt: row.created_at.toISOString(),
    handledAt: row.handled_at?.toISOString() ?? null,
    handledBy: row.handled_by,
    requeuedAs: row.requeued_as,
  };
}
