/** `apium …` as a process of its own, against a running system. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "./bare-environment.ts";

const CLI = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

export interface CommandRun {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

export function runCommand(
  target: { readonly url: string; readonly token: string },
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  /** Hears all that it has printed, each time it prints. */
  hear: (out: string) => void = () => {},
): Promise<CommandRun> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CLI, ...words], {
    env: {
      ...bareEnvironment(),
      ...{ APIUM_URL: target.url, APIUM_TOKEN: target.token, NO_COLOR: "1" },
      ...environment,
    },
  });
  let out = "";
  let error = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    hear(out);
  });
  child.stderr.on("data", (chunk: Buffer) => (error += chunk.toString()));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, error })));
}
