// Forward-only migrations with one ledger. Each room keeps numbered .sql files; each is applied once, in its own
// transaction, in the order rooms are given and files are numbered. Several processes may start at once.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ApiumError, messageOf } from "../runtime/contract/errors.ts";
import type { Database } from "./database.ts";

export interface MigrationRoom {
  readonly name: string;
  /** Folder of the .sql files. */
  readonly folder: URL;
}

const LOCK_KEY = 4_201_117;
const FILE = /^\d{4}-[a-z0-9-]+\.sql$/;

/** Applies what is missing. Returns the names of what was applied. */
export async function migrate(database: Database, rooms: readonly MigrationRoom[]): Promise<string[]> {
  await createLedger(database);
  const applied: string[] = [];
  for (const room of rooms) {
    for (const file of migrationFiles(room)) {
      const name = `${room.name}/${file}`;
      const text = readFileSync(new URL(file, folderUrl(room.folder)), "utf8");
      if (await applyOnce(database, name, text)) applied.push(name);
    }
  }
  return applied;
}

async function createLedger(database: Database): Promise<void> {
  await database.script(
    `begin;
     select pg_advisory_xact_lock(${LOCK_KEY});
     create table if not exists migration (name text primary key, applied_at timestamptz not null default now());
     commit`,
  );
}

async function applyOnce(database: Database, name: string, text: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock($1::bigint)", [LOCK_KEY]);
    const { rows } = await tx.query("select 1 from migration where name = $1", [name]);
    if (rows.length > 0) return false;
    try {
      for (const statement of statements(text)) await tx.query(statement);
    } catch (cause) {
      throw new ApiumError("INTERNAL", `migration ${name} failed: ${messageOf(cause)}`, { cause });
    }
    await tx.query("insert into migration (name) values ($1)", [name]);
    return true;
  });
}

function migrationFiles(room: MigrationRoom): string[] {
  const files = readdirSync(fileURLToPath(folderUrl(room.folder))).filter((file) => file.endsWith(".sql"));
  const wrong = files.find((file) => !FILE.test(file));
  if (wrong !== undefined) throw new ApiumError("INTERNAL", `${room.name}/${wrong} is not named like 0001-name.sql`);
  return files.sort();
}

/** Statements end with a semicolon at the end of a line; function bodies therefore keep theirs inside a line or use $$ … $$. */
function statements(text: string): string[] {
  const found: string[] = [];
  let current = "";
  let insideBody = false;
  for (const line of text.split("\n")) {
    if (line.trimStart().startsWith("--")) continue;
    current += `${line}\n`;
    if ((line.split("$$").length - 1) % 2 === 1) insideBody = !insideBody;
    if (!insideBody && line.trimEnd().endsWith(";")) {
      found.push(current);
      current = "";
    }
  }
  if (current.trim() !== "") found.push(current);
  return found;
}

function folderUrl(folder: URL): URL {
  return folder.href.endsWith("/") ? folder : new URL(`${folder.href}/`);
}
