// Datasets, worked in chunks: the parent frees its slot and ends when all chunks have, with what they returned.
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Transaction } from "../../database/index.ts";
import { textArray } from "../../database/index.ts";
import { parseParams, Reject, type TaskCall } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { auditChange } from "../change-audit.ts";
import type { Asked } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { processChunk, processLargeDataset } from "./tasks.ts";

const name = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !text.includes("\0"), "must not contain NUL");
const newDataset = z.strictObject({ name, rows: z.array(z.json()).max(100_000) });

export function datasetsService({ database }: ServiceParts): TaskServiceSchema {
  return {
    name: "datasets",
    tasks: {
      processLargeDataset: runs(processLargeDataset, async (ctx) => {
        const { datasetId, chunkSize } = ctx.params;
        const { rows } = await database.query<{ rows: number }>(
          `select (select count(*)::integer from dataset_row where dataset_id = d.id) as rows
           from dataset d where d.id = $1`,
          [datasetId],
        );
        const count = rows[0]?.rows;
        if (count === undefined) throw new Reject(`there is no dataset ${datasetId}`);
        const chunks: TaskCall[] = [];
        for (let start = 0; start < count; start += chunkSize) {
          chunks.push(processChunk.with({ datasetId, start, end: Math.min(start + chunkSize, count) }));
        }
        return ctx.locals.task.waitFor(chunks);
      }),
      processChunk: runs(processChunk, (ctx) => {
        const { datasetId, start, end } = ctx.params;
        return ctx.locals.task.complete((tx) => processRows(tx, datasetId, start, end));
      }),
    },
    actions: {
      async create(ctx: Asked) {
        const { name, rows } = parseParams(newDataset, ctx.params);
        return database.transaction(async (tx) => {
          const created = await tx.query<{ id: number }>("insert into dataset (name) values ($1) returning id", [name]);
          const id = created.rows[0]?.id ?? 0;
          await tx.query(
            `insert into dataset_row (dataset_id, n, value)
             select $1::bigint, (u.n - 1)::integer, u.value from unnest($2::text::json[]) with ordinality as u(value, n)`,
            [id, textArray(rows.map((row) => JSON.stringify(row)))],
          );
          await auditChange(tx, ctx, "dataset.create", id, { rows: rows.length });
          return { id, name, rows: rows.length };
        });
      },
    },
  };
}

async function processRows(tx: Transaction, datasetId: number, start: number, end: number) {
  const { rows } = await tx.query<{ n: number; value: string }>(
    `select n, value::text as value from dataset_row
     where dataset_id = $1 and n >= $2 and n < $3 order by n for update`,
    [datasetId, start, end],
  );
  const sums = rows.map(({ value }) => sha256(value));
  await tx.query(
    `update dataset_row r set checksum = u.checksum, processed_at = now(), times_processed = r.times_processed + 1
     from unnest($2::text::integer[], $3::text::text[]) as u(n, checksum)
     where r.dataset_id = $1::bigint and r.n = u.n`,
    [datasetId, `{${rows.map(({ n }) => n).join(",")}}`, textArray(sums)],
  );
  return { rows: rows.length, checksum: sha256(sums.join("")) };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
