// How tasks are spoken of: their states in colours, how far they are.
import type { Answer } from "../client.ts";
import { bad, good, odd } from "../output.ts";

export function hasEnded(state: string): boolean {
  return ["SUCCESS", "FAILURE", "REVOKED"].includes(state);
}

export function coloured(state: string): string {
  if (state === "SUCCESS") return good(state);
  return state === "FAILURE" ? bad(state) : state === "RETRY" || state === "REVOKED" ? odd(state) : state;
}

export function progressText({ fraction, message }: Answer): string {
  return `${Math.round(fraction * 100)} %${message === null ? "" : `  ${message}`}`;
}
