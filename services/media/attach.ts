// Taking a file in: whole or not at all, of a kind that attachments may have, under a name that nobody outside has chosen.
import { Readable } from "node:stream";
import { fileTypeFromBuffer } from "file-type";
import type { Database, Transaction } from "../../database/index.ts";
import { isTemporary, type ObjectStore } from "../../object-store/index.ts";
import { ApiumError } from "../../runtime/index.ts";
import { MOST_FILE_BYTES } from "../file-limit.ts";
import {
  type Attachment,
  attachmentOfUuid,
  findAttachment,
  insertAttachment,
  type KeptAttachment,
} from "./media-store.ts";

/** Of what is being taken in. */
const BESIDE = /^[0-9a-f-]{36}\.\w+\.[\w-]+\.new$/;

/** Enough of a file to tell its kind. */
const SNIFFED_BYTES = 4_100;

/** By what the content is, not by what its name says. */
const ALLOWED: Readonly<Record<string, string>> = {
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/webp": ".webp",
  "application/pdf": ".pdf",
  "video/mp4": ".mp4",
  "video/3gpp": ".3gp",
  "audio/mpeg": ".mp3",
  "audio/x-m4a": ".m4a",
  "audio/aac": ".aac",
  "audio/wav": ".wav",
};

export interface Upload {
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number | undefined;
  readonly ownerTable: string;
  readonly ownerUuid: string;
  readonly fileName: string;
  readonly kind: string;
  readonly latitude: number | undefined;
  readonly longitude: number | undefined;
  /** Done in the transaction that keeps it. */
  readonly onKept?: (tx: Transaction, id: number) => Promise<void>;
}

/**
 * The same file again, under the same uuid, is the same attachment.
 * @throws ApiumError `MEDIA_TYPE_REFUSED`, `MEDIA_CONFLICT`, `OBJECT_TOO_LARGE`, `OBJECT_STORE_FULL`.
 */
export async function attach(
  database: Database,
  local: ObjectStore,
  upload: Upload,
  content: Readable,
  now: number,
): Promise<Attachment> {
  const { head, whole } = await peek(content);
  const { contentType, extension } = await kindOf(head);
  const month = new Date(now).toISOString().slice(0, 7).replace("-", "/");
  const folder = `transactions/${upload.clientId}/${month}`;
  const before = await attachmentOfUuid(database, upload.uuid);
  // Beside its name first, which says what its content is.
  const beside = `${folder}/${upload.uuid}${extension}.${crypto.randomUUID()}.new`;
  const stored = await local.put(beside, whole, { maxBytes: MOST_FILE_BYTES });
  try {
    if (before !== undefined) return sameOrConflict(before, upload, stored.md5);
    // Named for its content too: another one that comes under this uuid meanwhile does not replace it.
    const localKey = `${folder}/${upload.uuid}-${stored.md5}${extension}`;
    const moved = await local.put(localKey, await local.get(stored.key));
    const objectKey = `media/${upload.clientId}/${month}/${upload.uuid}${extension}`;
    const { size, md5 } = moved;
    const given = { ...upload, localKey, objectKey, contentType, size, md5, fileName: nameOf(upload.fileName) };
    const id = await database.transaction(async (tx) => {
      const made = await insertAttachment(tx, given);
      if (made !== 0) await upload.onKept?.(tx, made);
      return made;
    });
    if (id !== 0) return findAttachment(database, { clientId: undefined }, id);
    const other = (await attachmentOfUuid(database, upload.uuid)) as KeptAttachment;
    if (other.path !== localKey) await local.delete(localKey);
    return sameOrConflict(other, upload, md5);
  } finally {
    await local.delete(stored.key);
  }
}

/** The name of what is being taken in, or of what a process that was killed has left. */
export function isBeingTaken(name: string): boolean {
  return BESIDE.test(name) || isTemporary(name);
}

/**
 * Reads what is left of a file that is refused, before its sender is told. Moleculer forgets a call's stream with its answer,
 * and keeps all that comes of it later for a beginning that does not come any more.
 */
export async function readOff(content: Readable): Promise<void> {
  try {
    for await (const _ of content);
  } catch {
    // The sender has gone: there is no more of it.
  }
}

function sameOrConflict(there: KeptAttachment, { clientId }: Upload, md5: string): Attachment {
  const { md5: its, path: _, ...attachment } = there;
  if (attachment.clientId !== clientId || its !== md5) throw new ApiumError("MEDIA_CONFLICT");
  return attachment;
}

/** @throws ApiumError `MEDIA_TYPE_REFUSED`. */
async function kindOf(head: Buffer): Promise<{ readonly contentType: string; readonly extension: string }> {
  const found = await fileTypeFromBuffer(head);
  if (found !== undefined) {
    const extension = ALLOWED[found.mime];
    if (extension === undefined) throw new ApiumError("MEDIA_TYPE_REFUSED", `the content is ${found.mime}`);
    return { contentType: found.mime, extension };
  }
  if (head.length > 0 && isText(head)) return { contentType: "text/plain; charset=utf-8", extension: ".txt" };
  throw new ApiumError(
    "MEDIA_TYPE_REFUSED",
    head.length === 0 ? "there is no content" : "the content is of no known kind",
  );
}

/** UTF-8 without control characters; a character may be cut at the end of what was looked at. */
function isText(head: Buffer): boolean {
  const text = new TextDecoder("utf-8").decode(head.subarray(0, Math.max(0, head.length - 4)));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text) && !/^\s*<(!doctype|html|svg|script|\?xml)/i.test(text);
}

/** The first bytes, and the whole as if they had not been read. */
async function peek(content: Readable): Promise<{ readonly head: Buffer; readonly whole: Readable }> {
  const source = content[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let size = 0;
  let isOver = false;
  while (size < SNIFFED_BYTES && !isOver) {
    const { value, done } = await source.next();
    if (done === true) isOver = true;
    else {
      chunks.push(Buffer.from(value as Uint8Array));
      size += chunks.at(-1)?.length ?? 0;
    }
  }
  async function* all() {
    yield* chunks;
    if (!isOver) for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
  }
  return { head: Buffer.concat(chunks), whole: Readable.from(all(), { objectMode: false }) };
}

/** As people see it: one line, no path, no control characters. */
function nameOf(given: string): string {
  const line =
    given
      .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
      .split(/[\\/]/)
      .at(-1)
      ?.trim() ?? "";
  return line === "" || line === "." || line === ".." ? "file" : line.slice(0, 200);
}
