// An account: somebody who may come in, once a token or a password has shown who it is. The gateway asks for accounts by
// action; what they may do there follows from the role, what they see in the facility from the client.
import type { Role } from "./accounts-roles.ts";

export interface Account {
  /** What it came in with: `token:<id>`, or `person:<id>:<when the password was changed>`. A session ends with it. */
  readonly key: string;
  /** For the audit, and for "made by": never a secret. */
  readonly name: string;
  readonly role: Role;
  /** Null: the whole system. */
  readonly clientId: number | null;
  readonly personId: number | null;
  /** From this instant (ISO 8601) on there is no such account. Null: none is set. */
  readonly expiresAt: string | null;
}

export type AccountKey =
  | { readonly kind: "token"; readonly tokenId: number }
  | { readonly kind: "person"; readonly personId: number; readonly changedAt: number };

export function tokenKey(tokenId: number): string {
  return `token:${tokenId}`;
}

/** @param changedAt - of the password: milliseconds since the epoch. */
export function personKey(personId: number, changedAt: number): string {
  return `person:${personId}:${changedAt}`;
}

/** What a key stands for; `undefined` for other text. */
export function readKey(key: string): AccountKey | undefined {
  const [, tokenId] = /^token:(\d{1,15})$/.exec(key) ?? [];
  if (tokenId !== undefined) return { kind: "token", tokenId: Number(tokenId) };
  const [, personId, changedAt] = /^person:(\d{1,15}):(\d{1,15})$/.exec(key) ?? [];
  if (personId === undefined) return undefined;
  return { kind: "person", personId: Number(personId), changedAt: Number(changedAt) };
}
