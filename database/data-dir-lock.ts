// One process per DATA_DIR. PGlite does not lock its folder, and two processes on one lose rows silently.
// The lock is an exclusive SQLite transaction (node:sqlite): the kernel holds it for the process and lets go when the
// process ends, however it ends. No pid files that lie, no heartbeat that has to run out after a crash.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ApiumError } from "../runtime/contract/errors.ts";

/** Takes the folder for this process; the returned function gives it back. @throws ApiumError `DATA_DIR_LOCKED`. */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const holderFile = join(dataDir, "lock.holder");
  const lock = new DatabaseSync(join(dataDir, "lock.db"));
  try {
    lock.exec(
      "pragma locking_mode = exclusive; pragma journal_mode = memory; begin exclusive; create table if not exists held (x)",
    );
  } catch (cause) {
    lock.close();
    throw new ApiumError(
      "DATA_DIR_LOCKED",
      `DATA_DIR ${dataDir} is in use by another process${holder(holderFile)}; stop it, or give this one a DATA_DIR of its own`,
      { cause },
    );
  }
  writeFileSync(holderFile, `${process.pid}\n`);
  return () => lock.close();
}

function holder(file: string): string {
  try {
    return ` (pid ${readFileSync(file, "utf8").trim()})`;
  } catch {
    return "";
  }
}
