// Passwords as they are kept: scrypt with a salt and with its parameters beside it, so that they can be raised later
// without asking anybody for a new password. Checking costs the same whether there is a password or not.
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

export interface ScryptCost {
  /** Binary logarithm of the memory and time cost N; 15 takes 32 MiB with r = 8. */
  readonly logN: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

/** One of OWASP's equivalent choices; about 0.2 s on the machines this was measured on. */
export const COST: ScryptCost = { logN: 15, blockSize: 8, parallelism: 3 };

const SALT_BYTES = 16;
const KEY_BYTES = 32;
const KEPT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9_-]{16,})\$([A-Za-z0-9_-]{16,})$/;
/** Compared against where there is no password: nobody has one whose key is this salt's. */
const NOBODYS_SALT = randomBytes(SALT_BYTES);
const NOBODYS_KEY = randomBytes(KEY_BYTES);

export async function hashPassword(password: string, cost: ScryptCost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, KEY_BYTES, cost);
  const { logN, blockSize, parallelism } = cost;
  return `$scrypt$ln=${logN},r=${blockSize},p=${parallelism}$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

/** Whether it is the password; never for `undefined`, which takes as long to find out. */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, logN, blockSize, parallelism, salt = "", expected = ""] = KEPT.exec(kept ?? "") ?? [];
  if (logN === undefined) {
    timingSafeEqual(await derive(password, NOBODYS_SALT, KEY_BYTES, COST), NOBODYS_KEY);
    return false;
  }
  const key = Buffer.from(expected, "base64url");
  const cost = { logN: Number(logN), blockSize: Number(blockSize), parallelism: Number(parallelism) };
  return timingSafeEqual(await derive(password, Buffer.from(salt, "base64url"), key.length, cost), key);
}

/** The same characters typed on another keyboard are the same password. */
function derive(password: string, salt: Buffer, bytes: number, cost: ScryptCost): Promise<Buffer> {
  const { logN, blockSize, parallelism } = cost;
  const options: ScryptOptions = {
    N: 2 ** logN,
    r: blockSize,
    p: parallelism,
    maxmem: 2 * 128 * 2 ** logN * blockSize,
  };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, bytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
