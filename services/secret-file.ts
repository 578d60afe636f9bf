// A secret kept in DATA_DIR: made at the first start, readable by its owner only, the same ever after. It appears under
// its name whole or not at all; a file that holds less than a secret stops the start, for an empty one would let
// anybody in.
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ApiumError, codeOf } from "../runtime/index.ts";

const SECRET_BYTES = 32;
const SHORTEST = 16;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** @throws ApiumError `SETTINGS_INVALID` when the file is there but holds no secret. */
export function secretFile(dataDir: string, name: string): string {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, name);
  if (!existsSync(file)) make(file);
  if ((statSync(file).mode & OTHERS) !== 0) chmodSync(file, OWNER_ONLY);
  const secret = readFileSync(file, "utf8").trim();
  if (secret.length >= SHORTEST && !/\s/.test(secret)) return secret;
  throw new ApiumError("SETTINGS_INVALID", `DATA_DIR: ${name} holds no secret; delete the file to have a new one made`);
}

function make(file: string): void {
  const unfinished = `${file}.${randomBytes(6).toString("hex")}`;
  writeFileSync(unfinished, `${randomBytes(SECRET_BYTES).toString("base64url")}\n`, { mode: OWNER_ONLY, flag: "wx" });
  try {
    linkSync(unfinished, file);
  } catch (error) {
    // With EEXIST another process was first and its secret counts; anything else is a file system without links.
    if (codeOf(error) !== "EEXIST") renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}
