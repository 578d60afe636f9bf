import { writeFile } from "node:fs/promises";
import type { Log } from "../runtime/index.ts";

const TOUCH_EVERY_MS = 5_000;

/** The file is as old as the last turn of this process' event loop: cli/healthcheck.mjs looks at it. Resolves when it is there. */
export async function showLife(file: string | undefined, log: Log): Promise<void> {
  if (file === undefined) return;
  const touch = () => writeFile(file, `${process.pid}\n`).catch((error) => log.warn("ALIVE_FILE", error));
  await touch();
  setInterval(touch, TOUCH_EVERY_MS).unref();
}
