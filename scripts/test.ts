/**
 * `npm test`: format and lint, types, every test room, and the short fault runs, against one set of private servers
 * of its own. Ends with one line, `N passed, N failed, N skipped`; the exit code is 0 only if nothing failed.
 */
import { runCheck } from "./testing/check.ts";
import { onInterrupt } from "./testing/interrupt.ts";
import { runJest } from "./testing/jest.ts";
import { HELP, readOptions, type TestOptions } from "./testing/options.ts";
import { report, type StepResult } from "./testing/report.ts";
import { type PrivateServers, startServers } from "./testing/servers.ts";

async function main(options: TestOptions): Promise<number> {
  const results: StepResult[] = [];
  let servers: PrivateServers | undefined;
  onInterrupt(() => servers?.stop());
  const run = async (step: Promise<StepResult>) => void results.push(report.step(await step));
  try {
    if (options.parts.has("lint"))
      await run(runCheck("lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings", "."]));
    if (options.parts.has("types")) {
      await run(runCheck("types", "typescript/bin/tsc", ["-p", "."]));
      await run(runCheck("dashboard", "typescript/bin/tsc", ["-p", "dashboard"]));
    }
    if (options.needsServers) {
      servers = await startServers();
      results.push(report.step(servers.result));
    }
    const env = { ...servers?.env, ...(options.all ? { FAULT_ALL: "1" } : {}) };
    if (options.parts.has("tests")) await run(runJest("tests", options.testArgs, env));
    if (options.parts.has("fault")) await run(runJest("fault", options.faultArgs, env));
  } finally {
    await servers?.stop();
  }
  return report.summary(results);
}

const options = readOptions(process.argv.slice(2));
if (options === "help") console.log(HELP);
else process.exitCode = await main(options);
