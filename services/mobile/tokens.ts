// Tokens of phones: a JWT for twelve hours, and one for thirty days that gets a new pair. A token names the account it was
// given for, by what that came in with, and the session of its device: when the password changes, the person may not
// come any more, or the device is signed out, it is worthless.
import { createHash } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { ApiumError } from "../../runtime/index.ts";

export const ACCESS_SECONDS = 12 * 3_600;
export const REFRESH_SECONDS = 30 * 86_400;
const ISSUER = "apium";
const AUDIENCE = "apium-mobile";
const ALGORITHM = "HS256";
const LONGEST = 2_000;

export interface Grant {
  /** Key of the account: it changes with the password. */
  readonly key: string;
  readonly personId: number;
  readonly clientId: number;
  readonly deviceId: string;
  /** Of the device: counted up when it signs in or out. */
  readonly session: number;
}

export type Use = "access" | "refresh";

export class Tokens {
  readonly #secret: Uint8Array;
  readonly #now: () => number;

  /** @param secret - shared by all processes that issue or check tokens. */
  constructor(secret: string, now: () => number) {
    this.#secret = createHash("sha256").update(`mobile ${secret}`).digest();
    this.#now = now;
  }

  issue({ key, personId, clientId, deviceId, session }: Grant, use: Use): Promise<string> {
    const issued = Math.floor(this.#now() / 1_000);
    return new SignJWT({ use, key, cid: clientId, did: deviceId, ses: session })
      .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(String(personId))
      .setIssuedAt(issued)
      .setExpirationTime(issued + (use === "access" ? ACCESS_SECONDS : REFRESH_SECONDS))
      .sign(this.#secret);
  }

  /** @throws ApiumError `UNAUTHENTICATED` for whatever is wrong with it. */
  async read(token: string, use: Use): Promise<Grant> {
    try {
      if (token.length > LONGEST) throw new Error("too long");
      const { payload } = await jwtVerify(token, this.#secret, {
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: [ALGORITHM],
        currentDate: new Date(this.#now()),
        requiredClaims: ["sub", "exp", "use", "key", "cid", "did", "ses"],
      });
      if (payload.use !== use) throw new Error("of another use");
      const { key, cid, did, ses, sub } = payload;
      return {
        key: String(key),
        personId: Number(sub),
        clientId: Number(cid),
        deviceId: String(did),
        session: Number(ses),
      };
    } catch (cause) {
      throw new ApiumError("UNAUTHENTICATED", "the token is not valid any more, or never was: sign in again", {
        cause,
      });
    }
  }
}
