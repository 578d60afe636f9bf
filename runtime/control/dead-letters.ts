// Dead letters: every final failure, and bytes that were no task at all, kept until somebody handles them. Looked at, run
// again with their parameters as they were or edited, or dismissed. Many at once: dead-letters-many.ts.
import type { Queryable } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { TaskRegistry } from "../contract/registry.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import type { TaskError } from "../contract/task-error.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { Page } from "../results/index.ts";
import { type LetterFilter, letterConditions } from "./dead-letter-filter.ts";
import { type RunAgainParts, runAgain } from "./run-again.ts";

/** What reading them needs. */
export interface LetterParts {
  readonly database: Queryable;
  readonly registry: Pick<TaskRegistry, "sensitive">;
}

export interface DeadLetterView {
  readonly id: string;
  readonly taskId: string | null;
  readonly name: string | null;
  readonly queue: string;
  readonly priority: number | null;
  /** Null for a kind whose parameters are sensitive. */
  readonly params: unknown;
  readonly headers: Readonly<Record<string, string>> | null;
  /** Base64 of the first bytes, for what was no task at all. */
  readonly raw: string | null;
  readonly error: TaskError;
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
  readonly headers: Readonly<Record<string, string>> | null;
  readonly raw: string | null;
  readonly error: TaskError;
  readonly created_at: Date;
  readonly handled_at: Date | null;
  readonly handled_by: string | null;
  readonly requeued_as: string | null;
}

const MOST_COUNTED = 10_000;

const LETTER = `select id, task_id, name, queue, priority, params, overrides, headers, encode(raw, 'base64') as raw, error,
  created_at, handled_at, handled_by, requeued_as from dead_letter`;

export interface DeadLetterFilter extends LetterFilter {
  readonly handled?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Dead letters, the oldest first; open ones unless asked for handled ones. */
export async function listDeadLetters(
  { database, registry }: LetterParts,
  filter: DeadLetterFilter = {},
): Promise<Page<DeadLetterView>> {
  const sensitive = registry.sensitive();
  const limit = filter.limit ?? 50;
  const { where, parameters } = letterConditions(filter, filter.handled ?? false, sensitive);
  const [at, after] = filter.cursor?.split("_") ?? [];
  const n = parameters.length;
  const { rows } = await database.query<LetterRow>(
    `${LETTER} where ${where} and ($${n + 1}::timestamptz is null
       or (date_trunc('milliseconds', created_at), id) > ($${n + 1}::timestamptz, $${n + 2}::uuid))
     order by date_trunc('milliseconds', created_at), id limit $${n + 3}::integer`,
    [...parameters, at ?? null, after ?? null, limit + 1],
  );
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map((row) => toView(row, sensitive)),
    nextCursor: rows.length > limit && last ? `${last.created_at.toISOString()}_${last.id}` : null,
  };
}

/** Open ones, counted to {@link MOST_COUNTED}, out of the index of open ones alone: a badge on every page asks for it. */
export async function countOpenLetters(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ letters: number }>(
    `select count(*)::integer as letters
     from (select 1 from dead_letter where handled_at is null limit ${MOST_COUNTED}) as open`,
  );
  return rows[0]?.letters ?? 0;
}

/** One, open or handled. @throws ApiumError `DEAD_LETTER_NOT_FOUND`. */
export async function getDeadLetter({ database, registry }: LetterParts, id: string): Promise<DeadLetterView> {
  const { rows } = isTaskId(id) ? await database.query<LetterRow>(`${LETTER} where id = $1::uuid`, [id]) : { rows: [] };
  if (rows[0] === undefined) throw notFound(id);
  return toView(rows[0], registry.sensitive());
}

export interface RequeueOptions {
  /** In place of the parameters as they were. */
  readonly params?: unknown;
  readonly by?: string | undefined;
  /** Not before then; milliseconds since the epoch. */
  readonly dueAt?: number | undefined;
}

/**
 * Makes a dead letter a new task, with edited parameters where given.
 * @throws ApiumError `DEAD_LETTER_NOT_FOUND`, `DEAD_LETTER_HANDLED`, `TASK_UNKNOWN`, `PARAMS_INVALID`.
 */
export async function requeueDeadLetter(
  parts: RunAgainParts,
  id: string,
  options: RequeueOptions = {},
): Promise<AcceptedTask> {
  return parts.database.transaction(async (tx) => {
    const { rows } = isTaskId(id)
      ? await tx.query<LetterRow>(`${LETTER} where id = $1::uuid for update`, [id])
      : { rows: [] };
    const letter = rows[0];
    if (letter === undefined) throw notFound(id);
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
    const accepted = await runAgain(parts, tx, source, letter.task_id ?? undefined, options.dueAt);
    await tx.query(
      "update dead_letter set handled_at = clock_timestamp(), handled_by = $2, requeued_as = $3::uuid where id = $1::uuid",
      [id, options.by ?? null, accepted.id],
    );
    return accepted;
  });
}

/** Marks a dead letter as handled without running anything. @throws ApiumError `DEAD_LETTER_NOT_FOUND`. */
export async function dismissDeadLetter(store: Queryable, id: string, by?: string): Promise<void> {
  const { affected } = await store.query(
    "update dead_letter set handled_at = clock_timestamp(), handled_by = $2 where id::text = $1 and handled_at is null",
    [id, by ?? null],
  );
  if (affected === 0) throw new ApiumError("DEAD_LETTER_NOT_FOUND", `there is no open dead letter ${id}`);
}

function notFound(id: string): ApiumError {
  return new ApiumError("DEAD_LETTER_NOT_FOUND", `there is no dead letter ${id}`);
}

function toView(row: LetterRow, sensitive: readonly string[]): DeadLetterView {
  return {
    id: row.id,
    taskId: row.task_id,
    name: row.name,
    queue: row.queue,
    priority: row.priority,
    params: row.name !== null && sensitive.includes(row.name) ? null : row.params,
    headers: row.headers,
    raw: row.raw,
    error: row.error,
    createdAt: row.created_at.toISOString(),
    handledAt: row.handled_at?.toISOString() ?? null,
    handledBy: row.handled_by,
    requeuedAs: row.requeued_as,
  };
}
