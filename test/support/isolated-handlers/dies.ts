/** Ends the thread or process it runs in. */
import { setTimeout as sleep } from "node:timers/promises";

export default async function dies({ how }: { readonly how: "exit" | "throw" | "kill" }): Promise<string> {
  if (how === "exit") process.exit(3);
  if (how === "kill") process.kill(process.pid, "SIGKILL");
  if (how === "throw") {
    queueMicrotask(() => {
      throw new Error("nobody catches this");
    });
  }
  await sleep(60_000);
  return "survived";
}
