/** Ctrl-C or a terminate request: end what runs, stop the servers, leave with the signal's exit code. */
import { endRunningTools } from "./child.ts";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export function onInterrupt(stop: () => Promise<void> | undefined): void {
  for (const signal of Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]) {
    process.once(signal, async () => {
      console.error(`\n${signal}: stopping the servers`);
      endRunningTools(signal);
      await Promise.resolve(stop()).catch((error: unknown) => console.error(error));
      process.exit(EXIT_CODES[signal]);
    });
  }
}
