// Who is signed in, and what they may. What somebody may not do is not offered; the system refuses it all the same.
import { signal } from "@preact/signals";
import { get } from "./api.ts";

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface Me {
  readonly name: string;
  readonly role: Role;
  readonly clientId?: number | null;
}

export const me = signal<Me | undefined>(undefined);

export function may(role: Role): boolean {
  return me.value !== undefined && ROLES.indexOf(me.value.role) >= ROLES.indexOf(role);
}

/** Tasks, queues and the rest of the platform are for operators of the whole system; people of a client see their facility. */
export function isOfPlatform(): boolean {
  return me.value !== undefined && (me.value.clientId ?? null) === null;
}

/** Once, at the start of the page. */
export async function learnWho(): Promise<void> {
  me.value = await get<Me>("/me");
}
