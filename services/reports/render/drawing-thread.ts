/**
 * A render's thread, seen from outside. A thread over V8's own heap limit takes the whole process along where it dies in
 * the wrong place (strings do it in 3 of 4 trials), and buffers lie outside of that limit. So the thread's memory is
 * looked at from here and the thread is ended in time; V8's limit lies far above, for what no look comes in time for.
 */
import { Worker } from "node:worker_threads";
import { ApiumError, codeOf, messageOf } from "../../../runtime/index.ts";
import type { RenderLimits } from "../rendering.ts";
import type { Ending } from "./ending.ts";
import type { FromThread, RenderOrder, ToThread } from "./messages.ts";

/** Messages on their way at a time. */
const MAX_UNANSWERED = 4;
const LOOK_MS = 50;
const MIB = 2 ** 20;
/** Between the limit and V8's own: what a thread may take between two looks. */
const SPARE_MB = 512;
/** Rows live shortly; more room for them would only be more memory. */
const YOUNG_MB = 24;

export interface Finished {
  readonly bytes: number;
  readonly pages: number | null;
}

export interface DrawingThread {
  /** Resolves when there is room for more. */
  send(message: ToThread): Promise<void>;
  /** Never rejects: a failure is the render's ending. */
  readonly finished: Promise<Finished>;
  /** Returns when the thread is gone, and its files are closed. */
  stop(): Promise<void>;
}

/** Ends the render with `REPORT_TOO_LARGE` or `REPORT_RENDER_FAILED`. */
export function startThread(order: RenderOrder, limits: RenderLimits, ending: Ending): DrawingThread {
  const worker = new Worker(new URL("./render-thread.ts", import.meta.url), {
    workerData: order,
    env: {}, // Drawing needs none of the process's secrets,
    execArgv: ["--disable-warning=ExperimentalWarning"], // and none of its debugger, watch mode or inline script.
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb + SPARE_MB, maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const { promise: finished, resolve: finish } = Promise.withResolvers<Finished>();
  const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
  let unanswered = 0;
  let room: (() => void) | undefined;
  let isFinished = false;
  worker.on("message", (message: FromThread) => {
    if (message.kind === "taken") {
      unanswered--;
      room?.();
    } else if (message.kind === "finished") {
      isFinished = true;
      finish(message);
    } else ending.end(errorFrom(message, limits));
  });
  worker.on("messageerror", (error) => ending.end(renderFailed(messageOf(error), error)));
  worker.on("error", (error) => ending.end(deathOf(error, limits)));
  worker.on("exit", (code) => {
    stopLooking();
    if (!isFinished) ending.end(renderFailed(`its thread ended by itself (exit code ${code})`));
    leave();
  });
  const stopLooking = watchMemory(worker, limits.memoryMb, () => ending.end(tooMuchMemory(limits)));
  return {
    finished,
    async send(message) {
      ending.throwIfEnded();
      try {
        worker.postMessage(message);
      } catch (error) {
        throw renderFailed(`the document holds what no report can show: ${messageOf(error)}`, error);
      }
      if (message.kind === "end") return;
      unanswered++;
      while (unanswered >= MAX_UNANSWERED) {
        await ending.race(
          new Promise<void>((resolve) => {
            room = resolve;
          }),
        );
      }
    },
    async stop() {
      stopLooking();
      await worker.terminate();
      await gone;
    },
  };
}

function watchMemory(worker: Worker, memoryMb: number, over: () => void): () => void {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    try {
      const { used_heap_size, external_memory } = await worker.getHeapStatistics();
      if (isStopped) return;
      if (Math.max(used_heap_size, external_memory) > memoryMb * MIB) return over();
    } catch {
      return; // The thread is gone.
    }
    lookLater();
  };
  const lookLater = () => {
    timer = setTimeout(look, LOOK_MS);
  };
  lookLater();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

function errorFrom(message: Extract<FromThread, { kind: "too-large" | "failed" }>, limits: RenderLimits): ApiumError {
  if (message.kind === "too-large") {
    const details = { maxBytes: limits.bytes };
    return new ApiumError("REPORT_TOO_LARGE", `the report's file would be larger than ${limits.bytes} bytes`, {
      details,
    });
  }
  const cause = Object.assign(new Error(message.message), message.code === undefined ? {} : { code: message.code });
  if (message.code === "ENOSPC") return renderFailed("the disk is full", cause);
  return renderFailed(message.message, cause);
}

function deathOf(error: unknown, limits: RenderLimits): ApiumError {
  if (codeOf(error) === "ERR_WORKER_OUT_OF_MEMORY") return tooMuchMemory(limits);
  return renderFailed(`its thread failed: ${messageOf(error)}`, error);
}

function tooMuchMemory({ memoryMb }: RenderLimits): ApiumError {
  return new ApiumError("REPORT_TOO_LARGE", `drawing the report takes more than ${memoryMb} MB of memory`, {
    details: { memoryMb },
  });
}

function renderFailed(why: string, cause?: unknown): ApiumError {
  return new ApiumError("REPORT_RENDER_FAILED", `drawing the report failed: ${why}`, { cause });
}
