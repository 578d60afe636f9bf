/**
 * Embedded databases for tests, each a copy of one that has every table. To make an empty PGlite and its tables takes
 * seconds of a core, to copy the files and open them a fraction; the one that is copied is made by the first test that
 * needs it and kept in the system's folder for temporary files, under a name that changes with what it is made of.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Database, migrate, openPGlite } from "../../database/index.ts";
import { RUNTIME_MIGRATIONS } from "../../runtime/index.ts";
import { SERVICE_MIGRATIONS } from "../../services/migrations.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const ROOMS = [RUNTIME_MIGRATIONS, ...SERVICE_MIGRATIONS];

/** A database of the caller's own with every table; its files go when it is closed. */
export async function openEmbedded(): Promise<Database> {
  const folder = temporaryFolder();
  await furnish(folder.path);
  const database = await openPGlite({ dataDir: folder.path, sharedBuffersMb: 16 });
  return {
    ...database,
    async close() {
      await database.close();
      folder.remove();
    },
  };
}

/** Puts a database with every table into a product's folder, as if it had been started there before. */
export async function furnish(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  cpSync(join(await template(), "pglite"), join(dataDir, "pglite"), { recursive: true });
}

async function template(): Promise<string> {
  const kept = join(tmpdir(), `apium-test-database-${fingerprint()}`);
  if (existsSync(kept)) return kept;
  const made = mkdtempSync(`${kept}-`);
  const database = await openPGlite({ dataDir: made });
  await migrate(database, ROOMS);
  await database.close();
  try {
    renameSync(made, kept);
  } catch {
    // Another test file was faster.
    rmSync(made, { recursive: true, force: true });
  }
  return kept;
}

/** Of PGlite's version and every migration. */
function fingerprint(): string {
  const hash = createHash("sha256");
  const { dependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  hash.update(dependencies["@electric-sql/pglite"]);
  for (const { name, folder } of ROOMS) {
    const path = fileURLToPath(folder);
    for (const file of readdirSync(path).sort()) hash.update(`${name}/${file}`).update(readFileSync(join(path, file)));
  }
  return hash.digest("hex").slice(0, 16);
}
