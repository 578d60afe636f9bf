// What phones record of people and things: attendance, where they were, the state of an asset.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { freeText, id, instant, latitude, longitude, notFound, refused, text } from "../fields.ts";
import { foldJourney } from "../journey.ts";
import { askedFor, type PhoneRecord, type Receipt, type Receiver, type ReceiverParts } from "../receiver.ts";
import { authorOf, scopeOf } from "../scope.ts";
import { logStatusChange } from "./assets.ts";
import * as kinds from "./kinds.ts";
import { receiveAttendance } from "./receive-attendance.ts";
import { recordActions } from "./record-actions.ts";

const point = z.strictObject({
  uuid: z.uuid(),
  latitude,
  longitude,
  at: instant,
  /** Uuid of the tour, or of the visit. */
  reference: z.uuid().nullish(),
  identifier: z.enum(["CONVEYANCE", "EXTERNALTOUR", "INTERNALTOUR", "SITEVISIT", "TRACKING"]).nullish(),
  transportMode: text(50).nullish(),
  deviceId: text(100).nullish(),
  personId: id.nullish(),
});

const assetChange = z.object({
  uuid: z.uuid(),
  assetId: id.optional(),
  assetUuid: z.uuid().optional(),
  newStatus: freeText(50),
});

export function facilityReceivers(parts: ReceiverParts): readonly Receiver[] {
  return [
    { kind: "attendanceEvent", receive: (record) => receiveAttendance(parts, record) },
    { kind: "tracking", receive: (record) => receivePoint(parts, record) },
    { kind: "assetLog", receive: (record) => receiveAssetChange(parts, record) },
  ];
}

/** The sender's own way only: nobody records another's. @throws ApiumError `PARAMS_INVALID`. */
async function receivePoint({ database, sender }: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const { uuid, personId, at, reference, ...rest } = parseParams(point, record);
  if (personId !== undefined && personId !== null && personId !== sender.personId) {
    throw refused("personId", "a phone records its own person's way");
  }
  return database.transaction(async (tx) => {
    const { affected } = await tx.query(
      `insert into tracking (uuid, client_id, device_id, person_id, identifier, reference, transport_mode, latitude,
         longitude, at)
       values ($1::uuid, $2::bigint, $3, $4::bigint, $5, $6::uuid, $7, $8, $9, $10::timestamptz)
       on conflict (uuid) do nothing`,
      [
        uuid,
        sender.clientId,
        rest.deviceId ?? sender.deviceId ?? "",
        sender.personId,
        rest.identifier ?? "TRACKING",
        reference ?? null,
        rest.transportMode ?? null,
        rest.latitude,
        rest.longitude,
        at.toISOString(),
      ],
    );
    if (affected > 0 && reference) {
      const { rows } = await tx.query<{ id: number }>(
        `select id from jobneed where uuid = $1::uuid and client_id = $2::bigint
           and status in ('COMPLETED', 'PARTIALLYCOMPLETED', 'AUTOCLOSED')`,
        [reference, sender.clientId],
      );
      if (rows[0] !== undefined) await foldJourney(tx, "jobneed", rows[0].id);
    }
    return { uuid, outcome: affected > 0 ? "created" : "unchanged" };
  });
}

/** The status of an asset is changed, which writes its log. @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID`. */
async function receiveAssetChange(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const { uuid, assetId, assetUuid, newStatus } = parseParams(assetChange, record);
  const { rows } = await parts.database.query<{ id: number; status: string }>(
    `select id, running_status as status from asset
     where client_id = $1::bigint and (id = $2::bigint or ($2::bigint is null and uuid = $3::uuid))`,
    [parts.sender.clientId, assetId ?? null, assetUuid ?? null],
  );
  const asset = rows[0];
  if (asset === undefined) throw notFound("asset", assetId ?? assetUuid ?? "without assetId or assetUuid");
  if (asset.status === newStatus) return { uuid, outcome: "unchanged" };
  const actions = recordActions(parts, kinds.ASSET, {
    beforeChange: (tx, ctx, row, { runningStatus }) =>
      logStatusChange(tx, scopeOf(ctx), row, runningStatus, authorOf(ctx), parts.runtime.parts.clock.now()),
  });
  await actions.change(askedFor(parts, { id: asset.id, runningStatus: newStatus }));
  return { uuid, outcome: "updated" };
}
