/** Finds a server's program: on PATH, and in the folders where packages put servers without adding them to PATH. */
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import path from "node:path";

const POSTGRES_ROOT = "/usr/lib/postgresql";

export function findBinary(program: string): string | undefined {
  return searchFolders()
    .map((folder) => path.join(folder, program))
    .find(isExecutable);
}

/** @throws with what to install when the program is nowhere. */
export function requireBinary(program: string): string {
  const found = findBinary(program);
  if (found === undefined) throw new Error(`${program} is not installed (looked in ${searchFolders().join(", ")})`);
  return found;
}

function searchFolders(): string[] {
  return [
    ...(process.env.PATH ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder)),
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/opt/homebrew/bin",
    "/opt/homebrew/sbin",
    "/usr/local/opt/mosquitto/sbin",
    ...postgresFolders(),
  ];
}

/** Newest version first. */
function postgresFolders(): string[] {
  try {
    const versions = readdirSync(POSTGRES_ROOT).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => path.join(POSTGRES_ROOT, version, "bin"));
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
