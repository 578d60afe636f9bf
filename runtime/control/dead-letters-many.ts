// Open dead letters handled by filter: counted first, then run again, at a rate if that is wanted, or dismissed.
import { codeOf } from "../contract/errors.ts";
import { type LetterFilter, letterConditions } from "./dead-letter-filter.ts";
import { type LetterParts, listDeadLetters, requeueDeadLetter } from "./dead-letters.ts";
import { type RunAgainParts, spacing } from "./run-again.ts";

/** Dead letters requeued by one call at most; what is left is said. */
const MOST_REQUEUED = 1_000;

export interface LettersOptions {
  readonly by?: string | undefined;
  /** Only count them. */
  readonly dryRun?: boolean | undefined;
}

export interface CountedLetters {
  readonly dryRun: boolean;
  /** Open ones that fitted when it was asked. */
  readonly matched: number;
  /** By the name of their task; `?` for bytes that were none. */
  readonly byName: Readonly<Record<string, number>>;
}

export interface RequeuedLetters extends CountedLetters {
  /** Ids of the new tasks. */
  readonly requeued: readonly string[];
  readonly refused: readonly { readonly id: string; readonly code: string }[];
  /** Fitted, and were beyond the limit. */
  readonly left: number;
}

/**
 * Requeues open dead letters that fit, the oldest first, as they are; those that cannot be requeued stay and are named.
 * @throws ApiumError `PARAMS_INVALID`, `QUEUE_UNKNOWN`, `RATE_NOTATION`.
 */
export async function requeueDeadLetters(
  parts: RunAgainParts,
  filter: LetterFilter,
  options: LettersOptions & { readonly rate?: string | undefined; readonly limit?: number | undefined } = {},
): Promise<RequeuedLetters> {
  const { by, limit = MOST_REQUEUED } = options;
  // What was no task can only be dismissed; who names it is told.
  const runnable = { ...filter, isTask: filter.ids === undefined };
  const counted = await count(parts, runnable, options);
  const dueAt = await spacing(parts, options.rate, Object.keys(counted.byName));
  const requeued: string[] = [];
  const refused: { id: string; code: string }[] = [];
  if (counted.dryRun) return { ...counted, requeued, refused, left: Math.max(0, counted.matched - limit) };
  let unseen = counted.matched;
  let cursor: string | undefined;
  // What is refused stays, and must not stand in the way of what comes after it. No more than fitted when it was asked:
  // what is run again may be a dead letter anew by now.
  do {
    const most = Math.min(limit - requeued.length, unseen);
    if (most <= 0) break;
    const page = await listDeadLetters(parts, { ...runnable, limit: most, cursor });
    for (const { id } of page.items) {
      try {
        requeued.push((await requeueDeadLetter(parts, id, { by, dueAt: dueAt(requeued.length) })).id);
      } catch (error) {
        refused.push({ id, code: codeOf(error) ?? "INTERNAL" });
      }
    }
    unseen -= page.items.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return { ...counted, requeued, refused, left: Math.max(0, unseen) };
}

export interface DismissedLetters extends CountedLetters {
  readonly dismissed: number;
}

/** Marks open dead letters that fit as handled, all of them. @throws ApiumError `PARAMS_INVALID`, `QUEUE_UNKNOWN`. */
export async function dismissDeadLetters(
  parts: LetterParts,
  filter: LetterFilter,
  options: LettersOptions = {},
): Promise<DismissedLetters> {
  const counted = await count(parts, filter, options);
  if (counted.dryRun) return { ...counted, dismissed: 0 };
  const { where, parameters } = letterConditions(filter, false, parts.registry.sensitive());
  const { affected } = await parts.database.query(
    `update dead_letter set handled_at = clock_timestamp(), handled_by = $${parameters.length + 1} where ${where}`,
    [...parameters, options.by ?? null],
  );
  return { ...counted, dismissed: affected };
}

async function count(parts: LetterParts, filter: LetterFilter, { dryRun }: LettersOptions): Promise<CountedLetters> {
  const { where, parameters } = letterConditions(filter, false, parts.registry.sensitive());
  const { rows } = await parts.database.query<{ name: string; letters: number }>(
    `select coalesce(name, '?') as name, count(*)::integer as letters from dead_letter where ${where} group by 1 order by 1`,
    parameters,
  );
  return {
    dryRun: dryRun === true,
    matched: rows.reduce((sum, { letters }) => sum + letters, 0),
    byName: Object.fromEntries(rows.map(({ name, letters }) => [name, letters])),
  };
}
