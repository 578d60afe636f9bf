// The states of a work order, written once: which may follow which. Pure.

export const STATUSES = ["ASSIGNED", "RE_ASSIGNED", "INPROGRESS", "COMPLETED", "CANCELLED", "CLOSED"] as const;
export type Status = (typeof STATUSES)[number];
export const OPEN: readonly Status[] = ["ASSIGNED", "RE_ASSIGNED", "INPROGRESS"];

/** COMPLETED can be given back; CLOSED and CANCELLED are the end. */
export const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  ASSIGNED: ["RE_ASSIGNED", "INPROGRESS", "COMPLETED", "CANCELLED"],
  RE_ASSIGNED: ["INPROGRESS", "COMPLETED", "CANCELLED"],
  INPROGRESS: ["RE_ASSIGNED", "COMPLETED", "CANCELLED"],
  COMPLETED: ["RE_ASSIGNED", "CLOSED"],
  CANCELLED: [],
  CLOSED: [],
};

/** Why an order may not go from one state to another; `undefined` where it may, or stays. */
export function objectionTo(from: Status, to: Status): string | undefined {
  if (from === to || TRANSITIONS[from].includes(to)) return undefined;
  const next = TRANSITIONS[from];
  const choice = next.length === 0 ? "it has ended" : `it can become ${next.join(" or ")}`;
  return `a work order that is ${from} cannot become ${to}: ${choice}`;
}

export const STANDINGS = ["NOT_REQUIRED", "PENDING", "APPROVED", "REJECTED"] as const;
export type Standing = (typeof STANDINGS)[number];

/** What those who are asked have said together: one rejection rejects, and all must have agreed. */
export function standingOf(decisions: readonly ("PENDING" | "APPROVED" | "REJECTED")[]): Standing {
  if (decisions.length === 0) return "NOT_REQUIRED";
  if (decisions.includes("REJECTED")) return "REJECTED";
  return decisions.every((decision) => decision === "APPROVED") ? "APPROVED" : "PENDING";
}

/** Nobody is asked, or all have agreed. */
export function isAgreed(standing: Standing): boolean {
  return standing === "NOT_REQUIRED" || standing === "APPROVED";
}

/** Whether the work may begin: verifiers and approvers have agreed. */
export function isPermitted(order: { readonly verifierStatus: Standing; readonly permitStatus: Standing }): boolean {
  return isAgreed(order.verifierStatus) && isAgreed(order.permitStatus);
}
