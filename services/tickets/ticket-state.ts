// The states of a ticket, written once: which may follow which. Pure.
import type { Status } from "./tables.ts";

/** RESOLVED can be opened again; CLOSED and CANCELLED are the end. */
export const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  NEW: ["OPEN", "ONHOLD", "RESOLVED", "CANCELLED"],
  OPEN: ["ONHOLD", "RESOLVED", "CANCELLED"],
  ONHOLD: ["OPEN", "RESOLVED", "CANCELLED"],
  RESOLVED: ["OPEN", "CLOSED"],
  CLOSED: [],
  CANCELLED: [],
};

/** Why a ticket may not go from one state to another; `undefined` where it may, or stays. */
export function objectionTo(from: Status, to: Status): string | undefined {
  if (from === to || TRANSITIONS[from].includes(to)) return undefined;
  const next = TRANSITIONS[from];
  const choice = next.length === 0 ? "it has ended" : `it can become ${next.join(" or ")}`;
  return `a ticket that is ${from} cannot become ${to}: ${choice}`;
}
