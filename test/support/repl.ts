/** The REPL as its users have it: `cli/repl.ts` in a process of its own, spoken to over its standard input. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eventually } from "./backends.ts";
import { bareEnvironment } from "./bare-environment.ts";

const REPL = fileURLToPath(new URL("../../cli/repl.ts", import.meta.url));
const PROMPT = "apium $ ";
/** A busy machine is slow, not wrong. */
const WITHIN_MS = 60_000;

export interface Repl {
  readonly process: ChildProcess;
  /** Types a line and waits for the next prompt. What was printed until then. */
  type(line: string): Promise<{ readonly out: string; readonly error: string }>;
  /** Ends its input, as Ctrl-D does. Resolves with its exit code. */
  leave(): Promise<number | null>;
}

/** Starts it and waits for its prompt. @param environment - where the system is, and as whom. */
export async function openRepl(environment: Readonly<Record<string, string>>): Promise<Repl> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", REPL], {
    env: { ...bareEnvironment(), NO_COLOR: "1", ...environment },
  });
  let out = "";
  let error = "";
  let code: number | null | undefined;
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (error += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", (status) => {
      code = status;
      resolve(status);
    });
  });
  const untilPrompt = () =>
    eventually(async () => {
      if (code !== undefined) throw new Error(`the REPL ended with ${code}:\n${out}\n${error}`);
      return out.endsWith(PROMPT);
    }, WITHIN_MS);
  await untilPrompt();
  return {
    process: child,
    async type(line) {
      out = "";
      error = "";
      child.stdin.write(`${line}\n`);
      await untilPrompt();
      return { out: out.slice(0, -PROMPT.length), error };
    },
    leave() {
      child.stdin.end();
      return exited;
    },
  };
}
