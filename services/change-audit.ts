// The audit of the facility: what somebody who signed in changes there leaves a row, written in the transaction of the
// change, so that there is none of them without the other. How rows are kept and listed is `runtime/moleculer/audit.ts`.
//
// Two leave none. What phones report in a person's name is work, many thousand records a day, and is kept with who and when
// by the rooms themselves. What an import does row by row stands in the import's own row.
import type { Queryable } from "../database/index.ts";
import { audit } from "../runtime/moleculer/index.ts";
import type { FacilityMeta } from "./scope.ts";

/** Fields whose text is a word of the system, a time or a zone: it tells nothing of a person, and can be no secret. */
const WORDS: ReadonlySet<string> = new Set([
  ...["status", "runningStatus", "kind", "identifier", "priority", "role", "type", "decision", "outcome"],
  ...["answerType", "attachmentType", "approves", "frequency", "scanType", "notifyCategory", "report", "format"],
  ...["cron", "timezone", "sendAt", "startsAt", "endsAt", "validFrom", "validTo", "planAt", "expiryAt", "startedAt"],
  ...["endedAt", "ownerTable", "taskId"],
]);

/** @param details - `shown(…)`, or what can be no secret: everyone who may read the audit sees it. */
export async function auditChange(
  tx: Queryable,
  { meta }: { readonly meta: FacilityMeta },
  action: string,
  target: number | string,
  details: object = {},
): Promise<void> {
  if (meta.user?.role === "person" || meta.isPartOfImport === true) return;
  await audit(tx, { meta }, action, String(target), details);
}

/** A row as it was, as it is now, and what was asked for. */
export interface Difference {
  readonly before: object;
  readonly after: object;
  readonly given: object;
}

/** Leaves the row of a change of fields; none where everything was as asked for already. */
export async function auditDifference(
  tx: Queryable,
  asking: { readonly meta: FacilityMeta },
  action: string,
  target: number,
  difference: Difference,
): Promise<void> {
  const changed = changedOf(difference);
  if (Object.keys(changed).length > 0) await auditChange(tx, asking, action, target, shown(changed));
}

/**
 * New values as the audit shows them: flags, numbers, words. Text that people write, and what is made of it, may be a name,
 * an address or a secret: of that only which fields it is, under `alsoSet`.
 */
export function shown(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const alsoSet = set.filter(([field, value]) => !mayBeShown(field, value)).map(([field]) => field);
  const values = Object.fromEntries(set.filter(([field]) => !alsoSet.includes(field)));
  return alsoSet.length === 0 ? values : { ...values, alsoSet };
}

function mayBeShown(field: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.every((each) => mayBeShown(field, each));
  if (value === null || typeof value === "boolean" || typeof value === "number" || value instanceof Date) return true;
  return typeof value === "string" && WORDS.has(field);
}

/** What was given and is another value now than before; what the rows have no field for, too. */
function changedOf({ before, after, given }: Difference): Readonly<Record<string, unknown>> {
  const [then, now] = [before, after].map((row) => new Map<string, unknown>(Object.entries(row)));
  const isOther = (field: string) =>
    now?.has(field) !== true || JSON.stringify(now.get(field)) !== JSON.stringify(then?.get(field));
  return Object.fromEntries(Object.entries(given).filter(([field, value]) => value !== undefined && isOther(field)));
}
