// The life of a task as a table: which event may move a task from where to where, who may say so, and what the
// fence checks. Every SQL statement that changes a state carries one row of this table in its `where`; the model
// test runs random command sequences against both.

export const LIVE_STATES = ["SCHEDULED", "QUEUED", "STARTED", "RETRY", "WAITING"] as const;
export const FINAL_STATES = ["SUCCESS", "FAILURE", "REVOKED"] as const;
export const TASK_STATES = [...LIVE_STATES, ...FINAL_STATES] as const;

export type LiveState = (typeof LIVE_STATES)[number];
export type FinalState = (typeof FINAL_STATES)[number];
export type TaskState = (typeof TASK_STATES)[number];

/** Why a task ended in REVOKED. */
export type RevokeReason = "revoked" | "expired";

export type Actor = "caller" | "relay" | "worker" | "rescuer" | "joiner" | "operator";

/** What a transition does to the fence (`attempt`) and to the counters that policies limit. */
interface Transition {
  readonly from: readonly (LiveState | "NONE")[];
  readonly to: TaskState;
  readonly by: readonly Actor[];
  /** `attempt`: only the run that holds the current attempt. `lease`: only when its worker's lease has lapsed. */
  readonly fence: "none" | "attempt" | "lease";
  readonly attempt: 0 | 1;
  readonly retries: 0 | 1;
  readonly crashes: 0 | 1;
}

const unfenced = { fence: "none", attempt: 0, retries: 0, crashes: 0 } as const;
const fenced = { fence: "attempt", attempt: 0, retries: 0, crashes: 0 } as const;

export const TRANSITIONS = {
  /** Accepted, due at once. */
  accept: { from: ["NONE"], to: "QUEUED", by: ["caller"], ...unfenced },
  /** Accepted for later (eta, countdown, a cron slot). */
  schedule: { from: ["NONE"], to: "SCHEDULED", by: ["caller"], ...unfenced },
  /** Accepted as the parent of a group or chain: nothing runs for it, its children do. */
  gather: { from: ["NONE"], to: "WAITING", by: ["caller"], ...unfenced },
  /** Its time has come. */
  release: { from: ["SCHEDULED", "RETRY"], to: "QUEUED", by: ["relay"], ...unfenced },
  /** A worker takes it; the message's attempt must be the row's. */
  claim: { from: ["QUEUED"], to: "STARTED", by: ["worker"], ...fenced },
  /** Over its rate: back with a due time, no slot held, nothing counted. */
  defer: { from: ["STARTED"], to: "SCHEDULED", by: ["worker"], ...fenced, attempt: 1 },
  succeed: { from: ["STARTED"], to: "SUCCESS", by: ["worker"], ...fenced },
  retry: { from: ["STARTED"], to: "RETRY", by: ["worker"], ...fenced, attempt: 1, retries: 1 },
  fail: { from: ["STARTED"], to: "FAILURE", by: ["worker"], ...fenced },
  /** A draining worker gives it back unfinished; nothing is counted. */
  handBack: { from: ["STARTED"], to: "QUEUED", by: ["worker", "rescuer"], ...fenced, attempt: 1 },
  /** The handler has started children and waits for them. */
  wait: { from: ["STARTED"], to: "WAITING", by: ["worker"], ...fenced },
  /** Revoked while it ran: the run was aborted. */
  abandon: { from: ["STARTED"], to: "REVOKED", by: ["worker"], ...fenced },
  /** Its worker is gone: somebody else shall run it. */
  rescue: { from: ["STARTED"], to: "QUEUED", by: ["rescuer"], fence: "lease", attempt: 1, retries: 0, crashes: 1 },
  /** Its worker is gone, and not for the first time: somebody else shall run it, but not at once. */
  rescueLater: { from: ["STARTED"], to: "RETRY", by: ["rescuer"], fence: "lease", attempt: 1, retries: 0, crashes: 1 },
  /** Its worker is gone once too often: poison. */
  quarantine: { from: ["STARTED"], to: "FAILURE", by: ["rescuer"], fence: "lease", attempt: 0, retries: 0, crashes: 1 },
  /** Its worker is gone, and it had been revoked. */
  bury: { from: ["STARTED"], to: "REVOKED", by: ["rescuer"], fence: "lease", attempt: 0, retries: 0, crashes: 0 },
  /** All children are done. */
  join: { from: ["WAITING"], to: "SUCCESS", by: ["joiner"], ...unfenced },
  /** A child ended in a way the policy does not accept. */
  breakJoin: { from: ["WAITING"], to: "FAILURE", by: ["joiner"], ...unfenced },
  revoke: { from: ["SCHEDULED", "QUEUED", "RETRY", "WAITING"], to: "REVOKED", by: ["operator", "joiner"], ...unfenced },
  /** Nobody started it in time. */
  expire: { from: ["SCHEDULED", "QUEUED", "RETRY"], to: "REVOKED", by: ["relay", "worker"], ...unfenced },
} as const satisfies Record<string, Transition>;

export type TransitionName = keyof typeof TRANSITIONS;

/** The part of a task the table speaks of. */
export interface Position {
  readonly state: TaskState | "NONE";
  readonly attempt: number;
  readonly retries: number;
  readonly crashes: number;
}

/** What the one who applies a transition can show. */
export interface Credentials {
  readonly actor: Actor;
  /** The attempt it believes to hold, for fenced transitions. */
  readonly attempt?: number;
  /** True when the lease of the worker that holds the task has lapsed. */
  readonly leaseLapsed?: boolean;
}

export function isFinal(state: TaskState | "NONE"): state is FinalState {
  return (FINAL_STATES as readonly string[]).includes(state);
}

/** Applies one row of the table; `undefined` where the table refuses. Pure. */
export function apply(position: Position, name: TransitionName, credentials: Credentials): Position | undefined {
  const transition: Transition = TRANSITIONS[name];
  if (!transition.by.includes(credentials.actor)) return undefined;
  if (isFinal(position.state) || !transition.from.includes(position.state as LiveState | "NONE")) return undefined;
  if (transition.fence === "attempt" && credentials.attempt !== position.attempt) return undefined;
  if (transition.fence === "lease" && credentials.leaseLapsed !== true) return undefined;
  return {
    state: transition.to,
    attempt: position.attempt + transition.attempt,
    retries: position.retries + transition.retries,
    crashes: position.crashes + transition.crashes,
  };
}
