// The mail about readings out of range: ordered with the report that brought them, once for an occurrence, however often
// it is reported; and what it says.
import type { Context } from "moleculer";
import { z } from "zod";
import type { Queryable, Transaction } from "../../database/index.ts";
import { parseParams } from "../../runtime/index.ts";
import { sendReadingsAlert } from "../email/tasks.ts";
import { id, notFound, plain } from "../fields.ts";
import type { ServiceParts } from "../service-parts.ts";
import { type Addressee, inCharge } from "./in-charge.ts";

/** In the transaction of the report. */
export async function orderAlertMail(
  tx: Transaction,
  runtime: ServiceParts["runtime"],
  jobneedId: number,
): Promise<void> {
  const { affected } = await tx.query(
    `update jobneed set alert_mailed_at = now()
     where id = $1::bigint and alert_mailed_at is null
       and exists (select 1 from jobneed_detail d where d.jobneed_id = $1::bigint and d.has_alert)`,
    [jobneedId],
  );
  if (affected > 0) await sendReadingsAlert.enqueue(runtime, { jobneedId }, { tx });
}

export function alertMailActions({ database }: ServiceParts) {
  return {
    alertMailFacts: (ctx: Context<unknown>) =>
      alertMailFacts(database, parseParams(z.strictObject({ jobneedId: id }), ctx.params).jobneedId),
  };
}

interface Work {
  readonly name: string;
  readonly identifier: string;
  readonly asset: string | null;
  readonly checklist: string | null;
  readonly performedBy: string | null;
  readonly endedAt: string | null;
  readonly remarks: string | null;
}

interface Line {
  readonly seqno: number;
  readonly question: string;
  readonly minValue: number | null;
  readonly maxValue: number | null;
  readonly options: string | null;
  readonly alertOn: string | null;
  readonly answer: string | null;
}

export interface AlertMailFacts {
  readonly work: Work;
  readonly site: { readonly name: string; readonly timezone: string };
  readonly lines: readonly Line[];
  /** Names of the files that came with the report. */
  readonly files: readonly string[];
  readonly recipients: readonly Addressee[];
}

const WORK = `
select n.name, n.identifier, a.name as asset, q.name as checklist, p.name as "performedBy", n.ended_at as "endedAt", n.remarks,
  n.site_id as "siteId", n.client_id as "clientId", s.name as "siteName", s.timezone
from jobneed n
join site s on s.id = n.site_id
left join asset a on a.id = n.asset_id
left join question_set q on q.id = n.question_set_id
left join person p on p.id = n.performed_by_id
where n.id = $1::bigint`;

const LINES = `
select d.seqno, coalesce(q.name, '') as question, d.min_value::float8 as "minValue", d.max_value::float8 as "maxValue",
  d.options, d.alert_on as "alertOn", d.answer
from jobneed_detail d left join question q on q.id = d.question_id
where d.jobneed_id = $1::bigint and d.has_alert order by d.seqno`;

const FILES = `
select f.file_name as name
from attachment f
where f.owner_uuid in (
  select uuid from jobneed where id = $1::bigint
  union all select uuid from jobneed_detail where jobneed_id = $1::bigint)
order by f.id limit 50`;

/** @throws ApiumError `NOT_FOUND`. */
async function alertMailFacts(store: Queryable, jobneedId: number): Promise<AlertMailFacts> {
  const { rows } = await store.query<Work & { siteId: number; clientId: number; siteName: string; timezone: string }>(
    WORK,
    [jobneedId],
  );
  if (rows[0] === undefined) throw notFound("jobneed", jobneedId);
  const { siteId, clientId, siteName, timezone, ...work } = rows[0];
  const { rows: lines } = await store.query<Line>(LINES, [jobneedId]);
  const { rows: files } = await store.query<{ name: string }>(FILES, [jobneedId]);
  return {
    work: plain(work),
    site: { name: siteName, timezone },
    lines,
    files: files.map(({ name }) => name),
    recipients: await inCharge(store, clientId, siteId),
  };
}
