/** Runs one of the project's tools on this Node and tells how it ended. An interrupt reaches it too. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");

const running = new Set<ChildProcess>();
let isEnding = false;

export interface ToolRun {
  /** A path below node_modules. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `show` lets standard error through as it comes, `keep` collects all output. */
  readonly output: "show" | "keep";
  readonly timeoutMs: number;
}

export interface ToolResult {
  readonly code: number | null;
  readonly output: string;
  readonly hasTimedOut: boolean;
}

/** After an interrupt it starts nothing and never settles: the process is about to end. */
export function runTool({ script, args, env = {}, output, timeoutMs }: ToolRun): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    if (isEnding) return;
    const child = spawn(process.execPath, [path.join(ROOT, "node_modules", script), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: output === "show" ? ["ignore", "ignore", "inherit"] : ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    let text = "";
    const collect = (chunk: Buffer) => {
      text += chunk;
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    let hasTimedOut = false;
    const deadline = setTimeout(() => {
      hasTimedOut = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(deadline);
      running.delete(child);
      resolve({ code, output: text.trimEnd(), hasTimedOut });
    });
  });
}

export function endRunningTools(signal: NodeJS.Signals): void {
  isEnding = true;
  for (const child of running) child.kill(signal);
}
