/** A check that passes or fails as a whole: the linter, the compiler. It counts as one test. */
import { runTool } from "./child.ts";
import type { StepResult } from "./report.ts";

const TIMEOUT_MS = 300_000;

export async function runCheck(name: string, script: string, args: readonly string[]): Promise<StepResult> {
  const startedAt = performance.now();
  const { code, output, hasTimedOut } = await runTool({ script, args, output: "keep", timeoutMs: TIMEOUT_MS });
  const durationMs = performance.now() - startedAt;
  if (code === 0) return { name, durationMs, passed: 1, failures: [], skipped: [] };
  const details = hasTimedOut ? `not finished after ${TIMEOUT_MS / 1000} s` : output;
  return { name, durationMs, passed: 0, failures: [{ title: name, details }], skipped: [] };
}
