// What a process that was killed was writing: nobody gives it its name any more, and nobody reads it.
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, messageOf } from "../runtime/index.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Longer than anything is written. */
const ABANDONED_AFTER_MS = 86_400_000;

/** Removes files of such names below `folder` that nobody has written to for a day; what it cannot remove stays, and stops nothing. */
export async function removeAbandoned(
  parts: Pick<ServiceParts, "runtime" | "log">,
  folder: string,
  isHalf: (name: string) => boolean,
): Promise<void> {
  const before = parts.runtime.parts.clock.now() - ABANDONED_AFTER_MS;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await removeAbandoned(parts, path, isHalf);
    if (!entry.isFile() || !isHalf(entry.name)) continue;
    try {
      if ((await lstat(path)).mtimeMs < before) await rm(path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") parts.log.warn(`${path} stays: ${messageOf(error)}`);
    }
  }
}
