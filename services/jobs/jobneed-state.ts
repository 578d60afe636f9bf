// The states of an occurrence, written once: which may follow which, and what a tour's state is by its checkpoints. Pure.

export const JOBNEED_STATUSES = [
  ...(["ASSIGNED", "INPROGRESS", "COMPLETED", "PARTIALLYCOMPLETED", "AUTOCLOSED"] as const),
  ...(["MAINTENANCE", "STANDBY", "WORKING"] as const),
] as const;
export type JobneedStatus = (typeof JOBNEED_STATUSES)[number];

/** What nobody has finished, paused or under repair too: the server closes it when its time is over. */
export const UNFINISHED: readonly JobneedStatus[] = ["ASSIGNED", "INPROGRESS", "WORKING", "STANDBY", "MAINTENANCE"];

/**
 * What people and phones may do. AUTOCLOSED is the server's own doing (auto-close); a completion that was made in time
 * and uploaded late turns it into what was really done. COMPLETED is the end.
 */
export const TRANSITIONS: Readonly<Record<JobneedStatus, readonly JobneedStatus[]>> = {
  ASSIGNED: ["INPROGRESS", "WORKING", "STANDBY", "COMPLETED", "PARTIALLYCOMPLETED"],
  INPROGRESS: ["WORKING", "STANDBY", "ASSIGNED", "COMPLETED", "PARTIALLYCOMPLETED"],
  WORKING: ["INPROGRESS", "STANDBY", "MAINTENANCE", "COMPLETED", "PARTIALLYCOMPLETED"],
  STANDBY: ["INPROGRESS", "WORKING", "MAINTENANCE", "COMPLETED", "PARTIALLYCOMPLETED"],
  MAINTENANCE: ["INPROGRESS", "WORKING", "STANDBY", "COMPLETED", "PARTIALLYCOMPLETED"],
  PARTIALLYCOMPLETED: ["COMPLETED"],
  AUTOCLOSED: ["COMPLETED", "PARTIALLYCOMPLETED"],
  COMPLETED: [],
};

export function mayBecome(from: JobneedStatus, to: JobneedStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

export interface Checkpoints {
  readonly done: number;
  readonly total: number;
}

/**
 * A tour's state once a checkpoint of it was completed, or its own end was reported (`isEnding`). Phones upload in any
 * order: an end that comes before its checkpoints is partial until the last of them is there.
 */
export function tourStatus(current: JobneedStatus, { done, total }: Checkpoints, isEnding: boolean): JobneedStatus {
  if (done >= total) return "COMPLETED";
  if (isEnding || current === "AUTOCLOSED" || current === "PARTIALLYCOMPLETED") return "PARTIALLYCOMPLETED";
  return current === "ASSIGNED" ? "INPROGRESS" : current;
}
