// How much room the disk of a folder has. A disk that hangs (a network's) keeps the thread that asks it, and the process has
// four: so at most one question is under way, however often somebody wants to know.
import { statfs } from "node:fs/promises";
import { resolve } from "node:path";

/** Of the file system a folder is on. */
export interface DiskRoom {
  readonly path: string;
  /** For programs without privileges. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export class Disk {
  readonly path: string;
  #asking: Promise<DiskRoom> | undefined;

  constructor(folder: string) {
    this.path = resolve(folder);
  }

  /** @throws what the file system says: the folder is not there, may not be looked at. */
  room(): Promise<DiskRoom> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<DiskRoom> {
    const { bavail, blocks, bsize } = await statfs(this.path);
    return { path: this.path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }
}
