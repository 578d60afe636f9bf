/** What a run tells its reader: a line per step, then the failures, then why something was skipped, then the sum. */
import { stripVTControlCharacters } from "node:util";

const DETAIL_LINES = 30;

export interface Failure {
  readonly title: string;
  readonly details: string;
}

export interface StepResult {
  readonly name: string;
  readonly durationMs: number;
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skipped: readonly string[];
}

export const report = {
  step(result: StepResult): StepResult {
    const seconds = (result.durationMs / 1000).toFixed(1).padStart(6);
    console.log(`${result.name.padEnd(9)}${seconds} s  ${outcome(result)}`);
    return result;
  },

  /** Returns the exit code. */
  summary(results: readonly StepResult[]): number {
    const failures = results.flatMap((result) => result.failures);
    const skipped = results.flatMap((result) => result.skipped);
    const passed = results.reduce((sum, result) => sum + result.passed, 0);
    for (const [index, { title, details }] of failures.entries()) {
      console.log(`\nfailure ${index + 1}: ${title}\n${indent(details)}`);
    }
    if (skipped.length > 0) console.log(`\nskipped:\n${indent(skipped.join("\n"))}`);
    console.log(`\n${passed} passed, ${failures.length} failed, ${skipped.length} skipped`);
    return failures.length === 0 ? 0 : 1;
  },
};

function outcome({ passed, failures, skipped }: StepResult): string {
  const counts = [
    [passed, "passed"],
    [failures.length, "failed"],
    [skipped.length, "skipped"],
  ] as const;
  const words = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return words.join(", ") || "ready";
}

function indent(text: string): string {
  const lines = stripVTControlCharacters(text).trimEnd().split("\n");
  const shown = lines.length > DETAIL_LINES ? [...lines.slice(0, DETAIL_LINES), "…"] : lines;
  return shown.map((line) => `  ${line}`).join("\n");
}
