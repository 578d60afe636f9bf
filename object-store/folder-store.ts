/**
 * Objects as files below a folder. A file is written under a temporary name beside its own, flushed to the disk, and
 * renamed: readers see it whole or not at all, also after a power cut. Links are never followed, neither to a file nor on
 * the way to it: what is below the folder stays below it.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ApiumError, codeOf } from "../runtime/contract/errors.ts";
import { checkKey } from "./object-key.ts";
import type { ObjectStore, PutOptions, StoredObject } from "./object-store.ts";
import { bounded } from "./weigh.ts";

/** What a crash left behind is nobody's after this long. */
const ABANDONED_AFTER_MS = 86_400_000;

/** The name of what is being written, or of what a crash left behind. */
export function isTemporary(name: string): boolean {
  return /^\.[0-9a-f]{16}\.part$/.test(name);
}

export function openFolderStore(root: string): ObjectStore {
  const swept = new Set<string>();

  async function put(key: string, content: Readable, options: PutOptions = {}): Promise<StoredObject> {
    const path = join(root, checkKey(key));
    const folder = dirname(path);
    try {
      await mkdir(folder, { recursive: true });
      await refuseLinks(root, dirname(key));
      await sweep(folder, swept);
      const part = join(folder, `.${randomBytes(8).toString("hex")}.part`);
      try {
        const weighed = await writeNew(part, content, options);
        await rename(part, path);
        await flush(folder);
        return { key, ...weighed };
      } finally {
        await rm(part, { force: true });
      }
    } catch (error) {
      throw failure(error);
    }
  }

  async function openFile(key: string) {
    await refuseLinks(root, dirname(checkKey(key)));
    try {
      return await open(join(root, key), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      throw failure(error, key);
    }
  }

  return {
    name: `folder:${root}`,
    put,
    async get(key) {
      const file = await openFile(key);
      if (!(await file.stat()).isFile()) {
        await file.close();
        throw new ApiumError("OBJECT_NOT_FOUND", `there is no object ${key}`);
      }
      return file.createReadStream();
    },
    async stat(key) {
      try {
        const file = await openFile(key);
        await file.close();
      } catch (error) {
        if (codeOf(error) === "OBJECT_NOT_FOUND") return undefined;
        throw error;
      }
      const hash = createHash("md5");
      let size = 0;
      for await (const chunk of createReadStream(join(root, key))) {
        hash.update(chunk as Buffer);
        size += (chunk as Buffer).length;
      }
      return { key, size, md5: hash.digest("hex") };
    },
    async delete(key) {
      await refuseLinks(root, dirname(checkKey(key)));
      try {
        await rm(join(root, key));
        return true;
      } catch (error) {
        if (codeOf(error) === "ENOENT") return false;
        throw failure(error, key);
      }
    },
    async close() {},
  };
}

/** The content in a new file, on the disk. */
async function writeNew(path: string, content: Readable, { signal, maxBytes }: PutOptions) {
  const file = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o640,
  );
  const weigh = bounded(maxBytes);
  // Flushed and closed by the stream, before it says that it is done.
  const sink = file.createWriteStream({ flush: true });
  await pipeline(content, weigh, sink, ...(signal === undefined ? [] : [{ signal }]));
  return weigh.weight();
}

/** @throws ApiumError `OBJECT_KEY_INVALID` where a part of the way is a link. */
async function refuseLinks(root: string, folder: string): Promise<void> {
  let path = root;
  for (const segment of folder.split("/").filter((part) => part !== ".")) {
    path = join(path, segment);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isSymbolicLink()) throw new ApiumError("OBJECT_KEY_INVALID", "a link is on the way to it");
  }
}

/** Once for a folder in a process. */
async function sweep(folder: string, swept: Set<string>): Promise<void> {
  if (swept.has(folder)) return;
  swept.add(folder);
  for (const name of await readdir(folder)) {
    if (!isTemporary(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await lstat(path);
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}

/** The name is on the disk too. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function failure(error: unknown, key = ""): unknown {
  switch (codeOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return new ApiumError("OBJECT_NOT_FOUND", `there is no object ${key}`, { cause: error });
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new ApiumError("OBJECT_STORE_FULL", "the disk is full", { cause: error });
    case "ELOOP":
      return new ApiumError("OBJECT_KEY_INVALID", "it is a link", { cause: error });
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "EIO":
      return new ApiumError("OBJECT_STORE_UNAVAILABLE", `the folder refuses: ${codeOf(error)}`, { cause: error });
    default:
      return error;
  }
}
