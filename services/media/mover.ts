/**
 * Moves files off the disk, driven by their rows. Of each: weigh the local file, put it into the store unless it is there
 * already, have the store say what it has, and only when that is the same note it down; then the local file goes. A mover
 * that dies anywhere leaves a row that says how far it was: the next run looks before it does anything again. Several
 * movers never do the same file. A bad file, or one that the disk refuses, stops nobody; a store that does not answer stops
 * the run, which is tried again.
 */
import type { ObjectStore, StoredObject } from "../../object-store/index.ts";
import { ApiumError, codeOf, messageOf } from "../../runtime/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { adoptFiles, claimFiles, type MediaFile, noteDeleted, noteFailure, noteRemote } from "./media-store.ts";

const BATCH = 20;
const ADOPTED = 1_000;
const DAY_MS = 86_400_000;
/** Longer than any single file takes; a mover that is silent for so long is dead. */
const CLAIM_MS = 15 * 60_000;
/** What failed is not looked at again by the same run. */
const RETRY_AFTER_MS = 60 * 60_000;

export interface Stores {
  /** Below MEDIA_ROOT. */
  readonly local: ObjectStore;
  readonly remote: ObjectStore;
}

export interface Moved {
  moved: number;
  bytes: number;
  found: number;
  missing: number;
  broken: number;
  failed: number;
}

export interface MoveOptions {
  readonly olderThanDays: number;
  readonly signal?: AbortSignal;
  readonly onFile?: (moved: Moved) => void;
  /** How long a claim holds; default 15 minutes. */
  readonly claimMs?: number;
}

export async function moveMedia(parts: ServiceParts, stores: Stores, options: MoveOptions): Promise<Moved> {
  const { database, runtime } = parts;
  const now = () => runtime.parts.clock.now();
  const before = iso(now() - options.olderThanDays * DAY_MS);
  const moved: Moved = { moved: 0, bytes: 0, found: 0, missing: 0, broken: 0, failed: 0 };
  for (let adopted = ADOPTED; adopted === ADOPTED; ) adopted = await adoptFiles(database, before, ADOPTED);
  for (;;) {
    options.signal?.throwIfAborted();
    const files = await claimFiles(database, {
      ...{ before, now: iso(now()), until: iso(now() + (options.claimMs ?? CLAIM_MS)), most: BATCH },
    });
    if (files.length === 0) return moved;
    for (const [index, file] of files.entries()) {
      try {
        options.signal?.throwIfAborted();
        await moveOne(parts, stores, file, moved);
      } catch (error) {
        await giveBack(parts, files.slice(index), error);
        throw error;
      }
      options.onFile?.(moved);
    }
  }
}

async function moveOne(parts: ServiceParts, { local, remote }: Stores, file: MediaFile, moved: Moved): Promise<void> {
  const { database, runtime } = parts;
  const now = () => runtime.parts.clock.now();
  const fail = async (state: "LOCAL" | "MISSING" | "BROKEN", why: string) => {
    await noteFailure(database, file, state, why, state === "LOCAL" ? iso(now() + RETRY_AFTER_MS) : null);
    moved[state === "MISSING" ? "missing" : state === "BROKEN" ? "broken" : "failed"] += 1;
  };
  // A disk that refuses one file may well have the next one: what it says is the file's own, what the store says everybody's.
  let isOfDisk = false;
  const disk = async <Value>(work: Promise<Value>): Promise<Value> => {
    try {
      return await work;
    } catch (error) {
      isOfDisk = true;
      throw error;
    }
  };
  try {
    const weighed = await disk(local.stat(file.localKey));
    if (weighed === undefined) return await withoutLocal(parts, remote, file, moved, fail);
    if (file.md5 !== null && file.md5 !== weighed.md5)
      return await fail("BROKEN", "the file is not the one that was taken in");
    if (file.state === "REMOTE" && !isSame(await remote.stat(file.objectKey), weighed)) {
      return await fail("LOCAL", "the store has another file than it had; the local one stays");
    }
    if (file.state !== "REMOTE") {
      // A first attempt cannot have left anything there.
      const there = file.attempts > 1 ? await remote.stat(file.objectKey) : undefined;
      if (isSame(there, weighed)) moved.found += 1;
      else {
        const contentType = file.contentType;
        const content = await disk(local.get(file.localKey));
        const stored = await remote.put(file.objectKey, content, { contentType });
        if (!isSame(stored, weighed)) return await fail("LOCAL", "the store has other bytes than were sent");
        moved.moved += 1;
        moved.bytes += stored.size;
      }
      if (!(await noteRemote(database, file, weighed, iso(now())))) return;
    }
    await disk(local.delete(file.localKey));
    await noteDeleted(database, file);
  } catch (error) {
    if (codeOf(error) === "OBJECT_KEY_INVALID")
      return fail("BROKEN", `not below the media folder: ${messageOf(error)}`);
    if (!isOfDisk && (error instanceof ApiumError || isOurs(error))) throw error;
    await fail("LOCAL", messageOf(error));
  }
}

/** Gone from the disk: well if the store has it, else it is written down as missing. */
async function withoutLocal(
  { database, runtime }: ServiceParts,
  remote: ObjectStore,
  file: MediaFile,
  moved: Moved,
  fail: (state: "MISSING", why: string) => Promise<void>,
): Promise<void> {
  const there = await remote.stat(file.objectKey);
  if (there === undefined || (file.md5 !== null && file.md5 !== there.md5)) {
    return fail("MISSING", "neither on the disk nor in the store");
  }
  if (await noteRemote(database, file, there, iso(runtime.parts.clock.now()))) {
    moved.found += 1;
    await noteDeleted(database, file);
  }
}

/** The store, or the database, is away: what was claimed is free again at once. */
async function giveBack({ database, log }: ServiceParts, files: readonly MediaFile[], error: unknown): Promise<void> {
  for (const file of files) {
    await noteFailure(database, file, "LOCAL", messageOf(error), null).catch((cause: unknown) =>
      log.warn(`the claim of attachment ${file.attachmentId} ends by itself: ${messageOf(cause)}`),
    );
  }
}

function isSame(stored: StoredObject | undefined, { size, md5 }: StoredObject): boolean {
  return stored !== undefined && stored.size === size && stored.md5 === md5;
}

/** Errors of databases have SQL states; those of files have names such as EACCES, and are the file's own. */
function isOurs(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(codeOf(error) ?? "") && !/^E[A-Z]+$/.test(codeOf(error) ?? "");
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
