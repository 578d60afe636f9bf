// Something that is wrong, or will be, as the doctor tells it. Whoever looks at a thing owns the codes of what it finds there.

export interface Finding<Code extends string = string> {
  /** `error`: something does not run. `warning`: it runs, and somebody should look, or will be surprised. */
  readonly severity: "error" | "warning";
  /** Stable: scripts may go by it. */
  readonly code: Code;
  /** The queue, the schedule, the server, the process it is about. */
  readonly subject: string;
  /** Holds no secret. */
  readonly message: string;
  /** What to do about it. */
  readonly suggestion: string;
}

export function errorsFirst<Found extends Finding>(findings: readonly Found[]): Found[] {
  return [...findings].sort((a, b) => Number(a.severity !== "error") - Number(b.severity !== "error"));
}
