/** One Jest run: its progress is shown as it comes, its result is read from the JSON it writes. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runTool } from "./child.ts";
import type { Failure, StepResult } from "./report.ts";

const TESTS_TIMEOUT_MS = 2_700_000;
const FAULT_TIMEOUT_MS = 3_600_000;
const ONE_FAULT_MS = 120_000;
/** Programs that tests start again and again are compiled once. */
const NODE_COMPILE_CACHE = path.join(tmpdir(), "apium-compiled");
const NODE_OPTIONS = "--experimental-vm-modules --disable-warning=ExperimentalWarning";

/** The config leaves fault runs out: they kill processes for a living and need the machine to themselves. */
const FAULT_ARGS = [
  "--testPathIgnorePatterns=/node_modules/",
  "--testMatch=<rootDir>/test/fault/**/*.test.ts",
  "--runInBand",
  `--testTimeout=${ONE_FAULT_MS}`,
];

/** The part of Jest's JSON that is used. */
interface JestResult {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: "passed" | "failed" | "pending" | "skipped" | "todo" | "disabled";
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

export async function runJest(
  name: "tests" | "fault",
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<StepResult> {
  const startedAt = performance.now();
  const folder = await mkdtemp(path.join(tmpdir(), "apium-jest-"));
  const outputFile = path.join(folder, "result.json");
  const timeoutMs = name === "fault" ? FAULT_TIMEOUT_MS : TESTS_TIMEOUT_MS;
  const kind = name === "fault" ? FAULT_ARGS : ["--maxWorkers=2"];
  try {
    const { code, hasTimedOut } = await runTool({
      script: "jest/bin/jest.js",
      args: [...kind, "--passWithNoTests", "--json", `--outputFile=${outputFile}`, ...args],
      env: {
        ...env,
        NODE_COMPILE_CACHE,
        NODE_OPTIONS: [process.env.NODE_OPTIONS, NODE_OPTIONS].filter(Boolean).join(" "),
      },
      output: "show",
      timeoutMs,
    });
    const durationMs = performance.now() - startedAt;
    const result = await readResult(outputFile);
    const step = { name, durationMs, ...count(result) };
    if (step.failures.length > 0 || (code === 0 && result !== undefined)) return step;
    const details = hasTimedOut ? `not finished after ${timeoutMs / 1000} s` : `jest ended with ${code}; see above`;
    return { ...step, failures: [{ title: name, details }] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readResult(file: string): Promise<JestResult | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined; // Jest ended before it could write it.
  }
}

function count(result: JestResult | undefined): Pick<StepResult, "passed" | "failures" | "skipped"> {
  let passed = 0;
  const failures: Failure[] = [];
  const skipped: string[] = [];
  for (const file of result?.testResults ?? []) {
    const title = path.relative(process.cwd(), file.name);
    // A file that could not be loaded has a message but no tests.
    if (file.assertionResults.length === 0 && file.message) failures.push({ title, details: file.message });
    for (const test of file.assertionResults) {
      if (test.status === "passed") passed += 1;
      else if (test.status === "failed") {
        failures.push({ title: `${title} › ${test.fullName}`, details: test.failureMessages.join("\n") });
      } else skipped.push(test.fullName);
    }
  }
  return { passed, failures, skipped };
}
