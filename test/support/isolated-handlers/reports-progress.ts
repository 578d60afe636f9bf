/** Reports without ever yielding, as a computation does, and ends with its last report. */
import type { IsolatedContext } from "../../../runtime/worker/isolation/index.ts";

interface Params {
  readonly reports: number;
  /** Turns its loop for so long. */
  readonly forMs: number;
}

export default function reportsProgress({ reports, forMs }: Params, task: IsolatedContext): string {
  const start = performance.now();
  for (let report = 1; report <= reports; report++) {
    while (performance.now() - start < (forMs * report) / reports);
    task.progress(report / reports, `step ${report}`);
  }
  return "done";
}
