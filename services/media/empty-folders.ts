// Folders that moving has left empty. Only those: a folder with anything in it is refused by the file system itself.
import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../runtime/index.ts";

/** Removes what is empty below `root`, from the bottom up; never the root, never through a link. How many went. */
export async function removeEmptyFolders(root: string): Promise<number> {
  let removed = 0;
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = join(root, entry.name);
    removed += await removeEmptyFolders(path);
    try {
      await rmdir(path);
      removed += 1;
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY"].includes(codeOf(error) ?? "")) throw error;
    }
  }
  return removed;
}
