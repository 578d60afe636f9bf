/**
 * Objects in a bucket of Google Cloud Storage. Credentials are the environment's (GOOGLE_APPLICATION_CREDENTIALS, or the
 * machine's own); `apiEndpoint` points it at an emulator, which needs none. The library checks each upload's sum and
 * tries again what can be; what the bucket then says of the object is what callers get.
 */
import { createRequire } from "node:module";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { File } from "@google-cloud/storage";
import { ApiumError, messageOf } from "../runtime/contract/errors.ts";
import { checkKey } from "./object-key.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { bounded } from "./weigh.ts";

const TRIES_MS = 60_000;

/** Loaded by whoever has a bucket: a third of a second and twenty megabytes that no other process needs. */
const library = (): typeof import("@google-cloud/storage") => createRequire(import.meta.url)("@google-cloud/storage");

export function openGcsStore(bucketName: string, { apiEndpoint }: { readonly apiEndpoint?: string } = {}): ObjectStore {
  const { Storage } = library();
  const storage = new Storage({
    ...(apiEndpoint === undefined ? {} : { apiEndpoint, projectId: "emulator", useAuthWithCustomEndpoint: false }),
    retryOptions: { autoRetry: true, maxRetries: 3, totalTimeout: TRIES_MS / 1_000, maxRetryDelay: 8 },
    timeout: TRIES_MS,
  });
  const bucket = storage.bucket(bucketName);

  return {
    name: `gs://${bucketName}`,
    async put(key, content, { contentType, signal, maxBytes } = {}) {
      const file = bucket.file(checkKey(key));
      const target = file.createWriteStream({
        // In one request: attachments are small, and a cut one leaves nothing behind.
        resumable: false,
        validation: "md5",
        ...(contentType === undefined ? {} : { metadata: { contentType } }),
      });
      try {
        await pipeline(content, bounded(maxBytes), target, ...(signal === undefined ? [] : [{ signal }]));
        return await described(file, key);
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : failure(error, key);
      }
    },
    async get(key) {
      const file = bucket.file(checkKey(key));
      // A stream would say only later that there is nothing.
      await described(file, key);
      return file.createReadStream() as unknown as Readable;
    },
    async stat(key) {
      try {
        return await described(bucket.file(checkKey(key)), key);
      } catch (error) {
        if (error instanceof ApiumError && error.code === "OBJECT_NOT_FOUND") return undefined;
        throw error;
      }
    },
    async delete(key) {
      try {
        await bucket.file(checkKey(key)).delete();
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return false;
        throw failure(error, key);
      }
    },
    async close() {},
  };
}

/** What the bucket says of it. */
async function described(file: File, key: string): Promise<StoredObject> {
  try {
    const [{ size, md5Hash }] = await file.getMetadata();
    return { key, size: Number(size), md5: Buffer.from(md5Hash ?? "", "base64").toString("hex") };
  } catch (error) {
    throw failure(error, key);
  }
}

function statusOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? code : undefined;
}

function failure(error: unknown, key: string): unknown {
  if (error instanceof ApiumError) return error;
  const status = statusOf(error);
  if (status === 404) return new ApiumError("OBJECT_NOT_FOUND", `there is no object ${key}`, { cause: error });
  if (status === 507) return new ApiumError("OBJECT_STORE_FULL", "the bucket is full", { cause: error });
  return new ApiumError("OBJECT_STORE_UNAVAILABLE", messageOf(error), { cause: error });
}
