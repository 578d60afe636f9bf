// Attendance and site visits as phones record them: a row for its uuid, filled up as the visit goes on.
import { z } from "zod";
import { type Transaction, textArray } from "../../database/index.ts";
import { parseParams } from "../../runtime/index.ts";
import { clientOf, requireReferences, typeAssistId } from "../clients.ts";
import { ctzoffset, freeText, id, instant, latitude, longitude, refused, text } from "../fields.ts";
import { foldJourney } from "../journey.ts";
import type { PhoneRecord, Receipt, ReceiverParts } from "../receiver.ts";
import { CRISIS_CATEGORY, CRISIS_TYPE, crisisOf } from "../site-crisis.ts";

const event = z.strictObject({
  uuid: z.uuid(),
  siteId: id.nullish(),
  /** Default: the sender. */
  personId: id.nullish(),
  shiftId: id.nullish(),
  verifiedById: id.nullish(),
  /** Id or code of a PEOPLEEVENTTYPE. */
  type: z.union([id, text(50)]).nullish(),
  punchedInAt: instant.nullish(),
  punchedOutAt: instant.nullish(),
  forDate: z.iso.date().nullish(),
  startLatitude: latitude.nullish(),
  startLongitude: longitude.nullish(),
  endLatitude: latitude.nullish(),
  endLongitude: longitude.nullish(),
  /** Kilometres. */
  distanceKm: z.number().min(0).max(100_000).nullish(),
  transportModes: z.array(text(50)).max(20).nullish(),
  deviceId: text(100).nullish(),
  remarks: freeText(2_000).nullish(),
  reference: freeText(200).nullish(),
  details: z.record(z.string().max(100), z.json()).nullish(),
  ctzoffset: ctzoffset.nullish(),
});

/** Columns and how each is filled; what a later record does not say stays. */
const COLUMNS = {
  site_id: "bigint",
  shift_id: "bigint",
  verified_by_id: "bigint",
  type_id: "bigint",
  punched_in_at: "timestamptz",
  punched_out_at: "timestamptz",
  for_date: "date",
  start_latitude: "float8",
  start_longitude: "float8",
  end_latitude: "float8",
  end_longitude: "float8",
  distance_km: "numeric",
  transport_modes: "text[]",
  device_id: "text",
  remarks: "text",
  reference: "text",
  details: "json",
} as const;

const UPSERT = upsertText();

/** @throws ApiumError `PARAMS_INVALID`. */
export async function receiveAttendance(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const given = parseParams(event, record);
  const { uuid } = given;
  const { sender } = parts;
  return parts.database.transaction(async (tx) => {
    const clientId = await clientOf(tx, { clientId: sender.clientId }, { siteId: given.siteId });
    const personId = given.personId ?? sender.personId;
    await requireReferences(tx, clientId, [
      { field: "personId", table: "person", id: personId },
      { field: "verifiedById", table: "person", id: given.verifiedById },
      { field: "shiftId", table: "shift", id: given.shiftId },
    ]);
    const typeId = await eventType(tx, clientId, given.type);
    const { rows: before } = await tx.query<{ content: string }>(CONTENT, [uuid]);
    const { rows } = await tx.query<{ id: number; personId: number }>(UPSERT, [
      uuid,
      clientId,
      personId,
      given.siteId ?? null,
      given.shiftId ?? null,
      given.verifiedById ?? null,
      typeId,
      given.punchedInAt?.toISOString() ?? null,
      given.punchedOutAt?.toISOString() ?? null,
      given.forDate ?? null,
      given.startLatitude ?? null,
      given.startLongitude ?? null,
      given.endLatitude ?? null,
      given.endLongitude ?? null,
      given.distanceKm ?? null,
      given.transportModes ? textArray(given.transportModes) : null,
      given.deviceId ?? sender.deviceId,
      given.remarks ?? null,
      given.reference ?? null,
      given.details ? JSON.stringify(given.details) : null,
    ]);
    if (rows[0] === undefined) throw refused("uuid", `there is another person's event ${uuid}`);
    const crisis = await crisisOf(tx, uuid, clientId);
    if (crisis !== undefined && crisis.categoryId === null) await tx.query(CRISIS_TICKETS, [clientId, CRISIS_CATEGORY]);
    if (given.punchedOutAt) await foldJourney(tx, "attendance_event", rows[0].id);
    const { rows: after } = await tx.query<{ content: string }>(CONTENT, [uuid]);
    if (before[0] === undefined) return { uuid, outcome: "created" };
    return { uuid, outcome: before[0].content === after[0]?.content ? "unchanged" : "updated" };
  });
}

const CRISIS_TICKETS = `insert into type_assist (client_id, category, code, name)
  values ($1::bigint, 'TICKETCATEGORY', $2, 'Site crisis') on conflict do nothing`;

/** Kinds of crisis have a category of their own. @throws ApiumError `PARAMS_INVALID`. */
async function eventType(
  tx: Transaction,
  clientId: number,
  type: number | string | null | undefined,
): Promise<number | null> {
  if (typeof type === "string") {
    const { rows } = await tx.query<{ id: number }>(
      `select id from type_assist where category = $1 and code = $2 and (client_id = $3::bigint or client_id is null)
       order by client_id nulls last limit 1`,
      [CRISIS_TYPE, type, clientId],
    );
    if (rows[0] !== undefined) return rows[0].id;
  }
  return typeAssistId(tx, clientId, "PEOPLEEVENTTYPE", "type", type);
}

const CONTENT = `select md5((to_jsonb(t) - 'updated_at' - 'changed_in')::text) as content
  from attendance_event t where t.uuid = $1::uuid`;

function upsertText(): string {
  const names = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
  const value = (name: keyof typeof COLUMNS, index: number) => {
    const type = COLUMNS[name];
    const usual = { transport_modes: "'{}'", details: "'{}'" }[name as string];
    const placeholder = `$${index + 4}::${type === "text[]" ? "text::text[]" : type}`;
    return usual === undefined ? placeholder : `coalesce(${placeholder}, ${usual})`;
  };
  return `insert into attendance_event as t (uuid, client_id, person_id, ${names.join(", ")})
    values ($1::uuid, $2::bigint, $3::bigint, ${names.map(value).join(", ")})
    on conflict (uuid) do update set ${names
      .map((name, index) => `${name} = coalesce($${index + 4}::${castOf(COLUMNS[name])}, t.${name})`)
      .join(", ")}
    where t.client_id = excluded.client_id and t.person_id = excluded.person_id
    returning t.id, t.person_id as "personId"`;
}

function castOf(type: string): string {
  return type === "text[]" ? "text::text[]" : type;
}
