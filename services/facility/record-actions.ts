// The four actions every kind of master data has: list, get, create, change. The last two leave a row in the audit.
import { z } from "zod";
import type { Transaction } from "../../database/index.ts";
import { parseParams } from "../../runtime/index.ts";
import { auditChange, auditDifference, shown } from "../change-audit.ts";
import { flag, id, page, refusingDuplicates, text } from "../fields.ts";
import { type Asked, scopeOf } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { auditedAs, changeOf, creationOf, type RecordKind, type RecordRow } from "./record.ts";
import { changeRecord, findRecord, insertRecord, listRecords, type RecordFilter } from "./record-store.ts";

type Action = (ctx: Asked) => Promise<unknown>;

/** What a kind does besides, in the same transaction. */
export interface RecordHooks {
  readonly create?: (tx: Transaction, ctx: Asked, given: Readonly<Record<string, unknown>>) => Promise<RecordRow>;
  readonly beforeChange?: (
    tx: Transaction,
    ctx: Asked,
    id: number,
    given: Readonly<Record<string, unknown>>,
  ) => Promise<void>;
}

export interface RecordActions {
  readonly list: Action;
  readonly get: Action;
  readonly create: Action;
  readonly change: Action;
}

export function recordActions(
  { database }: Pick<ServiceParts, "database">,
  kind: RecordKind,
  hooks: RecordHooks = {},
): RecordActions {
  const creation = creationOf(kind);
  const change = changeOf(kind);
  const filter = filterOf(kind);
  return {
    list: (ctx) => listRecords(database, kind, scopeOf(ctx), parseParams(filter, ctx.params) as RecordFilter),
    get: (ctx) => findRecord(database, kind, scopeOf(ctx), parseParams(z.strictObject({ id }), ctx.params).id),
    create(ctx) {
      const { ctzoffset: _, ...given } = parseParams(creation, ctx.params);
      return refusingDuplicates(kind.unique.field, kind.unique.message, () =>
        database.transaction(async (tx) => {
          const made = await (hooks.create?.(tx, ctx, given) ?? insertRecord(tx, kind, scopeOf(ctx), given));
          await auditChange(tx, ctx, auditedAs(kind, "create"), made.id, shown(given));
          return made;
        }),
      );
    },
    change(ctx) {
      const { id: row, ctzoffset: _, ...given } = parseParams(change, ctx.params);
      return refusingDuplicates(kind.unique.field, kind.unique.message, () =>
        database.transaction(async (tx) => {
          await hooks.beforeChange?.(tx, ctx, row as number, given);
          const { before, after } = await changeRecord(tx, kind, scopeOf(ctx), row as number, given);
          await auditDifference(tx, ctx, auditedAs(kind, "change"), after.id, { before, after, given });
          return after;
        }),
      );
    },
  };
}

/** Ids and flags come as text in an address. */
function filterOf({ fields, searched }: RecordKind) {
  const filters = Object.entries(fields)
    .filter(([, { isFilter }]) => isFilter === true)
    .map(([name, { schema, refersTo }]) => [
      name,
      (refersTo !== undefined ? id : schema instanceof z.ZodBoolean ? flag : schema).optional(),
    ]);
  return z.strictObject({
    ...page,
    ...(searched.length > 0 ? { q: text(100).optional() } : {}),
    ...(Object.fromEntries(filters) as Record<string, z.ZodType>),
  });
}
