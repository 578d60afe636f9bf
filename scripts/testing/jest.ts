/** One Jest run: its progress is shown as it comes, its result is read from the JSON it writes. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runTool } from "./child.ts";
import type { Failure, StepResult } from "./report.ts";

/** Only what hangs takes as long: every test has a limit of its own. */
const JEST_TIMEOUT_MS = 10_800_000;
const ONE_FAULT_MS = 120_000;
/** Programs that tests start again and again are compiled once. */
const NODE_COMPILE_CACHE = path.join(tmpdir(), "apium-compiled");
const NODE_OPTIONS = "--experimental-vm-modules --disable-warning=ExperimentalWarning";

/**
 * The config leaves fault runs out: they kill processes for a living and need the machine to themselves. Two at a time took
 * longer than one after the other: what they start again and again is slowed down by its neighbour's starts. In a process of
 * their own, whose crash Jest survives.
 */
const FAULT_ARGS = [
  "--testPathIgnorePatterns=/node_modules/",
  "--testMatch=<rootDir>/test/fault/**/*.test.ts",
  "--maxWorkers=1",
  `--testTimeout=${ONE_FAULT_MS}`,
];
const TESTS_ARGS = ["--maxWorkers=2"];

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
  const deadline = startedAt + JEST_TIMEOUT_MS;
  const kind = name === "fault" ? FAULT_ARGS : TESTS_ARGS;
  const runOnce = async (wanted: readonly string[]) => {
    const outputFile = path.join(folder, `result-${performance.now()}.json`);
    const { code, hasTimedOut } = await runTool({
      script: "jest/bin/jest.js",
      args: [...kind, "--passWithNoTests", "--json", `--outputFile=${outputFile}`, ...wanted],
      env: {
        ...env,
        NODE_COMPILE_CACHE,
        NODE_OPTIONS: [process.env.NODE_OPTIONS, NODE_OPTIONS].filter(Boolean).join(" "),
      },
      output: "show",
      timeoutMs: deadline - performance.now(),
    });
    return { code, hasTimedOut, result: await readResult(outputFile) };
  };
  try {
    let { code, hasTimedOut, result } = await runOnce(args);
    const crashed = result?.testResults.filter(hasCrashed).map((file) => file.name) ?? [];
    if (result !== undefined && crashed.length > 0) {
      console.log(`again: ${crashed.map(relative).join(", ")}: Node itself crashed while it ran`);
      const second = await runOnce(crashed);
      const others = result.testResults.filter((file) => !hasCrashed(file));
      result = { testResults: [...others, ...(second.result?.testResults ?? [])] };
      ({ code, hasTimedOut } = second);
    }
    const step = { name, durationMs: performance.now() - startedAt, ...count(result) };
    if (step.failures.length > 0 || (code === 0 && result !== undefined)) return step;
    const details = hasTimedOut ? "not finished in time" : `jest ended with ${code}; see above`;
    return { ...step, failures: [{ title: name, details }] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Node 24 sometimes dies of SIGSEGV while Jest runs modules in contexts of their own (`--experimental-vm-modules`): about once in
 * three hundred files, in another one each time. Only a file of which nothing has run for that reason is run again, once.
 */
function hasCrashed({ assertionResults, message }: JestResult["testResults"][number]): boolean {
  return assertionResults.length === 0 && message.includes("signal=SIGSEGV");
}

function relative(file: string): string {
  return path.relative(process.cwd(), file);
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
    const title = relative(file.name);
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
