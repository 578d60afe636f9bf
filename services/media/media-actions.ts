// Attachments over the broker: take a file in, list, read, count.
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import type { Transaction } from "../../database/index.ts";
import { ApiumError, parseParams } from "../../runtime/index.ts";
import { auditChange } from "../change-audit.ts";
import { clientOf, requireReferences } from "../clients.ts";
import { id, latitude, longitude, page, text } from "../fields.ts";
import { type Asked, scopeOf } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { attach, readOff } from "./attach.ts";
import { findAttachment, findFile, listAttachments, logoOf, mediaStats } from "./media-store.ts";
import type { Stores } from "./mover.ts";

export const OWNERS = [
  "job",
  "jobneed",
  "jobneed_detail",
  "ticket",
  "person",
  "site",
  "asset",
  "location",
  "attendance_event",
  "work_order",
] as const;
export const KINDS = ["NONE", "ATTACHMENT", "REPLY", "SIGN", "METERREADING", "LOGFILES"] as const;
const asNumber = <Schema extends z.ZodType>(schema: Schema) =>
  z.coerce
    .number()
    .pipe(schema as never)
    .optional();

const one = z.strictObject({ id });
const upload = z.strictObject({
  uuid: z.uuid().default(() => crypto.randomUUID()),
  ownerTable: z.enum(OWNERS),
  ownerUuid: z.uuid(),
  fileName: text(500),
  kind: z.enum(KINDS).default("ATTACHMENT"),
  siteId: id.optional(),
  latitude: asNumber(latitude),
  longitude: asNumber(longitude),
});
const listing = z.strictObject({ ownerTable: z.enum(OWNERS).optional(), ownerUuid: z.uuid().optional(), ...page });

const LARGEST_LOGO_BYTES = 500_000;

interface FileMeta {
  file?: { readonly fileName: string; readonly contentType: string; readonly bytes: number | null };
}

export function mediaActions({ database, runtime }: ServiceParts, stores: () => Stores) {
  return {
    /** The file comes as the call's stream. */
    async attach(ctx: Asked) {
      const content = ctx.stream as Readable | null;
      try {
        const given = parseParams(upload, ctx.params) as z.output<typeof upload> & {
          latitude?: number;
          longitude?: number;
        };
        if (content === null) throw new ApiumError("REQUEST_MALFORMED", "the file is the body of the request");
        const clientId = await database.transaction(async (tx) => {
          const client = await clientOf(tx, scopeOf(ctx), given);
          await requireReferences(tx, client, [{ field: "siteId", table: "site", id: given.siteId }]);
          return client;
        });
        const { siteId, latitude: north, longitude: east, ...rest } = given;
        const place = { siteId, latitude: north, longitude: east };
        const { ownerTable, ownerUuid, kind } = given;
        const file = {
          ...{ ...rest, ...place, clientId },
          onKept: (tx: Transaction, attachmentId: number) =>
            auditChange(tx, ctx, "attachment.add", attachmentId, { ownerTable, ownerUuid, kind, siteId }),
        };
        return await attach(database, stores().local, file, content, runtime.parts.clock.now());
      } catch (error) {
        if (content !== null) await readOff(content);
        throw error;
      }
    },
    list: (ctx: Asked) => listAttachments(database, scopeOf(ctx), parseParams(listing, ctx.params)),
    get: (ctx: Asked) => findAttachment(database, scopeOf(ctx), parseParams(one, ctx.params).id),
    /** The file as a stream, wherever it is; its name and type travel in `meta.file`. */
    async file(ctx: Asked): Promise<Readable> {
      const attachment = await findAttachment(database, scopeOf(ctx), parseParams(one, ctx.params).id);
      const { local, remote } = stores();
      const file = await findFile(database, attachment.id);
      const stream = file.state === "REMOTE" ? await remote.get(file.objectKey) : await local.get(file.localKey);
      (ctx.meta as FileMeta).file = {
        fileName: attachment.fileName,
        contentType: file.contentType,
        // Nobody has weighed what other programs have written.
        bytes: file.size,
      };
      return stream;
    },
    /** The client's logo as base64; null where there is none. For other services: no route leads here. */
    async logo(ctx: Asked): Promise<string | null> {
      const { clientId } = parseParams(z.strictObject({ clientId: id }), ctx.params);
      const file = await logoOf(database, clientId);
      if (file === undefined || (file.size ?? 0) > LARGEST_LOGO_BYTES) return null;
      const { local, remote } = stores();
      const stream = file.state === "REMOTE" ? await remote.get(file.objectKey) : await local.get(file.localKey);
      return (await buffer(stream)).toString("base64");
    },
    stats: async (ctx: Asked) => ({ items: await mediaStats(database, scopeOf(ctx)) }),
  };
}
