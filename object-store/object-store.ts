/**
 * Where files are kept: a folder or a bucket, behind one port. An object is there whole or not at all, and says what
 * it weighs and hashes to, so that whoever hands it over can check before letting go of the original.
 */
import type { Readable } from "node:stream";

export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** MD5 of the content as the store itself counts it, 32 hex digits. */
  readonly md5: string;
}

export interface PutOptions {
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Refused with `OBJECT_TOO_LARGE` beyond. */
  readonly maxBytes?: number;
}

export interface ObjectStore {
  /** What operators see: `folder:/srv/media`, `gs://bucket`. */
  readonly name: string;
  /** Replaces what was there. @throws ApiumError `OBJECT_KEY_INVALID`, `OBJECT_TOO_LARGE`, `OBJECT_STORE_UNAVAILABLE`, `OBJECT_STORE_FULL`. */
  put(key: string, content: Readable, options?: PutOptions): Promise<StoredObject>;
  /** @throws ApiumError `OBJECT_NOT_FOUND`. */
  get(key: string): Promise<Readable>;
  stat(key: string): Promise<StoredObject | undefined>;
  /** True when it was there. */
  delete(key: string): Promise<boolean>;
  close(): Promise<void>;
}
