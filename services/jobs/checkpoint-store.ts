// The checkpoints of a tour: child jobs in order. They are given as a whole: those with an id are kept, others are new,
// those not named any more are gone.
import type { Queryable, Transaction } from "../../database/index.ts";
import { plainArray } from "../../database/index.ts";
import { requireReferences } from "../clients.ts";
import { refused } from "../fields.ts";
import type { Author } from "../scope.ts";
import type { CheckpointInput } from "./job-fields.ts";
import type { Job } from "./job-store.ts";

export interface Checkpoint {
  readonly id: number;
  readonly uuid: string;
  readonly seqno: number;
  readonly name: string;
  readonly siteId: number;
  readonly assetId: number | null;
  readonly questionSetId: number | null;
  readonly personId: number | null;
  /** Minutes to reach it. */
  readonly expiryTime: number;
}

export async function listCheckpoints(store: Queryable, jobId: number): Promise<Checkpoint[]> {
  const { rows } = await store.query<Checkpoint>(
    `select id, uuid, seqno, name, site_id as "siteId", asset_id as "assetId", question_set_id as "questionSetId",
       person_id as "personId", expiry_time as "expiryTime"
     from job where parent_id = $1 order by seqno, id`,
    [jobId],
  );
  return rows;
}

interface Line {
  readonly id: number | null;
  readonly seqno: number;
  readonly name: string;
  readonly siteId: number;
  readonly assetId: number | null;
  readonly questionSetId: number | null;
  readonly personId: number | null;
  readonly expiryTime: number;
}

/**
 * Makes these the tour's checkpoints. True when anything is other than before.
 * @throws ApiumError `PARAMS_INVALID` naming the checkpoint's field.
 */
export async function replaceCheckpoints(
  tx: Transaction,
  tour: Job,
  inputs: readonly CheckpointInput[],
  author: Author,
): Promise<boolean> {
  const before = await listCheckpoints(tx, tour.id);
  const known = new Map(before.map((checkpoint) => [checkpoint.id, checkpoint]));
  await requireReferences(
    tx,
    tour.clientId,
    inputs.flatMap(({ siteId, assetId, questionSetId, personId }, index) => [
      { field: `checkpoints.${index}.siteId`, table: "site" as const, id: siteId },
      { field: `checkpoints.${index}.assetId`, table: "asset" as const, id: assetId },
      { field: `checkpoints.${index}.questionSetId`, table: "question_set" as const, id: questionSetId },
      { field: `checkpoints.${index}.personId`, table: "person" as const, id: personId },
    ]),
  );
  const lines: Line[] = [];
  for (const [index, input] of inputs.entries()) {
    const kept = input.id === undefined ? undefined : known.get(input.id);
    if (input.id !== undefined && kept === undefined) {
      throw refused(`checkpoints.${index}.id`, `the job has no checkpoint ${input.id}`);
    }
    if (lines.some(({ id }) => id !== null && id === input.id)) {
      throw refused(`checkpoints.${index}.id`, `checkpoint ${input.id} is named twice`);
    }
    lines.push({
      id: input.id ?? null,
      seqno: input.seqno ?? index + 1,
      name: input.name ?? kept?.name ?? `Checkpoint ${index + 1}`,
      siteId: input.siteId ?? kept?.siteId ?? tour.siteId,
      assetId: orKept(input.assetId, kept?.assetId),
      questionSetId: orKept(input.questionSetId, kept?.questionSetId),
      personId: orKept(input.personId, kept?.personId),
      expiryTime: input.expiryTime,
    });
  }
  const twice = lines.findIndex((line, index) => lines.findIndex(({ seqno }) => seqno === line.seqno) !== index);
  if (twice !== -1)
    throw refused(`checkpoints.${twice}.seqno`, `two checkpoints have the place ${lines[twice]?.seqno}`);
  const removed = await removeOthers(tx, tour.id, lines);
  const changed = await changeKept(tx, tour.id, lines);
  const added = await insertNew(tx, tour, lines, author);
  return removed + changed + added > 0;
}

async function removeOthers(tx: Transaction, tourId: number, lines: readonly Line[]): Promise<number> {
  const kept = lines.flatMap(({ id }) => (id === null ? [] : [id]));
  const { affected } = await tx.query("delete from job where parent_id = $1 and id <> all($2::text::bigint[])", [
    tourId,
    plainArray(kept),
  ]);
  return affected;
}

const RECORDSET = `json_to_recordset($2::text::json) as l(id bigint, seqno integer, name text, "siteId" bigint,
  "assetId" bigint, "questionSetId" bigint, "personId" bigint, "expiryTime" integer)`;

async function changeKept(tx: Transaction, tourId: number, lines: readonly Line[]): Promise<number> {
  const { affected } = await tx.query(
    `update job j set seqno = l.seqno, name = l.name, site_id = l."siteId", asset_id = l."assetId",
       question_set_id = l."questionSetId", person_id = l."personId", expiry_time = l."expiryTime"
     from ${RECORDSET}
     where j.parent_id = $1::bigint and j.id = l.id
       and (j.seqno, j.name, j.site_id, j.asset_id, j.question_set_id, j.person_id, j.expiry_time)
         is distinct from (l.seqno, l.name, l."siteId", l."assetId", l."questionSetId", l."personId", l."expiryTime")`,
    [tourId, JSON.stringify(lines)],
  );
  return affected;
}

async function insertNew(tx: Transaction, tour: Job, lines: readonly Line[], author: Author): Promise<number> {
  const { affected } = await tx.query(
    `insert into job (client_id, parent_id, identifier, valid_from, valid_to, created_by, seqno, name, site_id, asset_id,
       question_set_id, person_id, expiry_time)
     select t.client_id, t.id, t.identifier, t.valid_from, t.valid_to, $3, l.seqno, l.name, l."siteId", l."assetId",
       l."questionSetId", l."personId", l."expiryTime"
     from job t, ${RECORDSET} where t.id = $1::bigint and l.id is null`,
    [tour.id, JSON.stringify(lines), author.name],
  );
  return affected;
}

function orKept(given: number | null | undefined, kept: number | null | undefined): number | null {
  return given === undefined ? (kept ?? null) : given;
}
