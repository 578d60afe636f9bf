// Files that came within a phone's message: as base64, or as a list of bytes as the old app sends them.
import { Readable } from "node:stream";
import { z } from "zod";
import { ApiumError, parseParams } from "../../runtime/index.ts";
import { clientOf, requireReferences } from "../clients.ts";
import { id, latitude, longitude, text } from "../fields.ts";
import type { PhoneRecord, Receipt, Receiver, ReceiverParts } from "../receiver.ts";
import { attach } from "./attach.ts";
import { KINDS, OWNERS } from "./media-actions.ts";
import { attachmentOfUuid } from "./media-store.ts";
import { localMedia } from "./stores.ts";

const file = z.strictObject({
  uuid: z.uuid(),
  ownerTable: z.enum(OWNERS),
  ownerUuid: z.uuid(),
  fileName: text(500),
  kind: z.enum(KINDS).default("ATTACHMENT"),
  siteId: id.nullish(),
  latitude: latitude.nullish(),
  longitude: longitude.nullish(),
  content: z.union([z.base64(), z.array(z.number().int().min(-128).max(255))]).optional(),
});

export function mediaReceivers(parts: ReceiverParts): readonly Receiver[] {
  return [{ kind: "attachment", receive: (record) => receiveFile(parts, record) }];
}

/** @throws ApiumError `PARAMS_INVALID`, `MEDIA_TYPE_REFUSED`, `MEDIA_CONFLICT`, `OBJECT_STORE_FULL`. */
async function receiveFile(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const { content, siteId, latitude: north, longitude: east, ...given } = parseParams(file, record);
  const { database, settings, runtime, sender } = parts;
  const { uuid } = given;
  if (content === undefined) {
    throw new ApiumError("PARAMS_INVALID", "a file comes with its content, or by POST /api/v1/attachments", {
      fields: [{ field: "content", message: "is missing: base64 of the file" }],
    });
  }
  const clientId = await database.transaction(async (tx) => {
    const client = await clientOf(tx, { clientId: sender.clientId }, { siteId });
    await requireReferences(tx, client, [{ field: "siteId", table: "site", id: siteId }]);
    return client;
  });
  const isKnown = (await attachmentOfUuid(database, uuid)) !== undefined;
  const bytes = typeof content === "string" ? Buffer.from(content, "base64") : Buffer.from(content);
  const local = localMedia(settings);
  try {
    const place = { siteId: siteId ?? undefined, latitude: north ?? undefined, longitude: east ?? undefined };
    await attach(database, local, { ...given, ...place, clientId }, Readable.from([bytes]), runtime.parts.clock.now());
  } finally {
    await local.close();
  }
  return { uuid, outcome: isKnown ? "unchanged" : "created" };
}
