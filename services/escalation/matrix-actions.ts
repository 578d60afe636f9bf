// The escalation matrix and its reminders over the broker.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { auditChange, auditDifference, shown } from "../change-audit.ts";
import { code, freeText, id, page, refusingDuplicates } from "../fields.ts";
import { type Asked, scopeOf } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import {
  changeMatrixRow,
  DUPLICATE_LEVEL,
  FREQUENCIES,
  findMatrixRow,
  insertMatrixRow,
  listMatrix,
  listReminders,
  removeMatrixRow,
} from "./matrix-store.ts";

const one = z.strictObject({ id });
const level = z.number().int().min(1).max(100);
const values = {
  frequency: z.enum(FREQUENCIES).optional(),
  frequencyValue: z.number().int().min(0).max(100_000).optional(),
  assignedPersonId: id.nullish(),
  assignedGroupId: id.nullish(),
  notify: z.array(z.email("must be an e-mail address").max(254)).max(50).optional(),
  body: freeText(500).nullish(),
  enabled: z.boolean().optional(),
};
const newRow = z
  .strictObject({
    ...values,
    level,
    frequencyValue: z.number().int().min(0).max(100_000),
    siteId: id.optional(),
    category: z.union([z.number().int().positive(), code]).optional(),
    categoryId: id.optional(),
    jobId: id.optional(),
  })
  .refine((row) => [row.category, row.categoryId, row.jobId].filter((which) => which !== undefined).length === 1, {
    message: "give one of category, categoryId and jobId",
    path: ["category"],
  });
const change = z.strictObject({ ...values, id, level: level.optional() });
const matrixFilter = z.strictObject({
  siteId: id.optional(),
  categoryId: id.optional(),
  jobId: id.optional(),
  ...page,
});
const reminderFilter = z.strictObject({
  siteId: id.optional(),
  jobId: id.optional(),
  status: z.enum(["PENDING", "QUEUED", "SUCCESS", "FAILED", "MISSED"]).optional(),
  ...page,
});

export function matrixActions({ database }: Pick<ServiceParts, "database">) {
  return {
    matrix: (ctx: Asked) => listMatrix(database, scopeOf(ctx), parseParams(matrixFilter, ctx.params)),
    getMatrixRow: (ctx: Asked) => findMatrixRow(database, scopeOf(ctx), parseParams(one, ctx.params).id),
    createMatrixRow(ctx: Asked) {
      const { categoryId, category, ...given } = parseParams(newRow, ctx.params);
      return refusingDuplicates("level", DUPLICATE_LEVEL, () =>
        database.transaction(async (tx) => {
          const row = await insertMatrixRow(tx, scopeOf(ctx), { ...given, category: category ?? categoryId });
          await auditChange(
            tx,
            ctx,
            "escalation-level.create",
            row.id,
            shown({ ...given, categoryId: row.categoryId }),
          );
          return row;
        }),
      );
    },
    changeMatrixRow(ctx: Asked) {
      const { id: row, ...given } = parseParams(change, ctx.params);
      return refusingDuplicates("level", DUPLICATE_LEVEL, () =>
        database.transaction(async (tx) => {
          const { before, after } = await changeMatrixRow(tx, scopeOf(ctx), row, given);
          await auditDifference(tx, ctx, "escalation-level.change", row, { before, after, given });
          return after;
        }),
      );
    },
    /** A row that reminders were made from is disabled instead. */
    removeMatrixRow(ctx: Asked) {
      const { id: row } = parseParams(one, ctx.params);
      return database.transaction(async (tx) => {
        const outcome = await removeMatrixRow(tx, scopeOf(ctx), row);
        await auditChange(tx, ctx, "escalation-level.remove", row, outcome);
        return outcome;
      });
    },
    reminders: (ctx: Asked) => listReminders(database, scopeOf(ctx), parseParams(reminderFilter, ctx.params)),
  };
}
