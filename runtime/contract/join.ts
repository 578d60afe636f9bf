// How a parent and its children end together. A join always ends: every child reaches a final state (crashes and
// expiry included), each final state counts down the parent, and the policy says what a failed child means.
import type { FinalState } from "./task-state.ts";

/** `fail`: the first child that does not succeed ends the parent in FAILURE and revokes the rest. `continue`: the parent waits for all and succeeds. */
export type ChildFailurePolicy = "fail" | "continue";

export interface ChildInsert {
  readonly id: string;
  readonly index: number;
}

/** What a parent waits for; kept in the parent's `join_plan`. */
export type JoinPlan =
  | { readonly kind: "all"; readonly onChildFailure: ChildFailurePolicy }
  | { readonly kind: "chain"; readonly steps: readonly ChainStep[] };

/** A step of a chain as data. */
export interface ChainStep {
  readonly name: string;
  readonly params: unknown;
  readonly options?: unknown;
  /** The parameter that receives the result of the step before. */
  readonly into?: string | undefined;
}

export interface ChildOutcome {
  readonly index: number;
  readonly id: string;
  readonly state: FinalState | null;
  readonly result: unknown;
  readonly error: unknown;
}

export type JoinVerdict =
  | { readonly kind: "wait" }
  | { readonly kind: "succeed"; readonly result: unknown }
  | { readonly kind: "fail"; readonly child: ChildOutcome }
  | { readonly kind: "next"; readonly index: number; readonly previous: unknown };

/** Decides what a waiting parent does, given the outcomes so far. Pure. */
export function judgeJoin(plan: JoinPlan, children: readonly ChildOutcome[]): JoinVerdict {
  const failed = children.find((child) => child.state !== null && child.state !== "SUCCESS");
  if (plan.kind === "chain") {
    if (failed) return { kind: "fail", child: failed };
    const last = children.at(-1);
    if (last === undefined || last.state === null) return { kind: "wait" };
    if (children.length < plan.steps.length) return { kind: "next", index: children.length, previous: last.result };
    return { kind: "succeed", result: last.result };
  }
  if (failed && plan.onChildFailure === "fail") return { kind: "fail", child: failed };
  if (children.some((child) => child.state === null)) return { kind: "wait" };
  if (plan.onChildFailure === "fail") return { kind: "succeed", result: children.map((child) => child.result) };
  return {
    kind: "succeed",
    result: children.map(({ state, result, error }) => (state === "SUCCESS" ? { state, result } : { state, error })),
  };
}
