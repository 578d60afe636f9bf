// A thread of its own in every isolated process, beside the handler, and so at work while the handler blocks the
// event loop. It ends the process when it holds more memory than it may, and when the worker it belongs to is gone:
// the closing of the channel, which says the same, is not heard by a handler in an endless loop.
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { SystemClock } from "../../contract/clock.ts";
import { overLimit } from "./last-words.ts";

const LOOK_EVERY_MS = 100;
const BYTES_PER_MB = 2 ** 20;
const STDERR = 2;

export interface Charge {
  readonly parentPid: number;
  readonly memoryLimitMb: number | undefined;
}

const { parentPid, memoryLimitMb } = workerData as Charge;
const clock = new SystemClock();

function look(): void {
  if (process.ppid !== parentPid) end();
  const heldMb = process.memoryUsage.rss() / BYTES_PER_MB;
  if (memoryLimitMb !== undefined && heldMb > memoryLimitMb) {
    say(overLimit(heldMb, memoryLimitMb));
    end();
  }
  clock.after(LOOK_EVERY_MS, look);
}

function say(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {
    // Nobody reads, or the pipe is full: the process ends without the reason.
  }
}

/** Not to be caught, and independent of the handler's thread. */
function end(): void {
  process.kill(process.pid, "SIGKILL");
}

look();
