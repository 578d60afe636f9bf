// What one worker does when it is told to: other slots, other queues, a profile, an end. Each order is carried out in the
// worker's own process and lasts as long as that; a restart brings back what the settings say.
import { ApiumError } from "../contract/errors.ts";
import { queueNamed } from "../contract/queues.ts";
import type { Autoscaler, Bounds, Worker } from "../worker/index.ts";
import { profileCpu } from "./cpu-profile.ts";
import type { WorkerSurroundings } from "./worker-answers.ts";

export const MOST_SLOTS = 10_000;
export const SHUTDOWN_MODES = ["warm", "soft", "cold"] as const;
export type ShutdownMode = (typeof SHUTDOWN_MODES)[number];

/** How long what runs may go on, where nobody says: without end (a day), for a moment, not at all. */
const WITHIN_MS: Readonly<Record<ShutdownMode, number>> = { warm: 86_400_000, soft: 10_000, cold: 0 };

export interface OrderParts extends WorkerSurroundings {
  readonly autoscaler: Autoscaler;
  readonly dataDir: string | undefined;
  /** Stops taking work and ends what runs within `withinMs`; then leaves the process, if it was told how. */
  readonly shutdown: (withinMs: number) => void;
  /** New threads and processes for handlers that run apart. */
  readonly renewCells: () => Promise<{ readonly ended: number; readonly running: number }>;
}

export interface OrderOptions {
  readonly n?: number | undefined;
  readonly bounds?: Bounds | null | undefined;
  readonly queue?: string | undefined;
  readonly mode?: ShutdownMode | undefined;
  readonly withinMs?: number | undefined;
  readonly seconds?: number | undefined;
}

type Order = (worker: Worker, parts: OrderParts, options: OrderOptions) => unknown;

export const WORKER_ORDERS = {
  pool_grow: (worker, parts, { n = 1 }) => resize(worker, parts, worker.concurrency + n),
  pool_shrink: (worker, parts, { n = 1 }) => resize(worker, parts, worker.concurrency - n),
  /** Threads and processes of handlers that run apart; a handler in the worker's own loop has nothing to restart. */
  pool_restart: (_worker, { renewCells }) => renewCells(),
  autoscale: (worker, { autoscaler }, { bounds = null }) => {
    autoscaler.keepWithin(bounds ?? undefined);
    return { autoscale: bounds, size: worker.concurrency };
  },
  add_consumer: async (worker, _parts, { queue = "" }) => {
    await worker.consumeFrom([...worker.consumedQueues(), queueNamed(queue)]);
    return { queues: worker.consumedQueues() };
  },
  cancel_consumer: async (worker, _parts, { queue = "" }) => {
    const name = queueNamed(queue);
    await worker.consumeFrom(worker.consumedQueues().filter((one) => one !== name));
    return { queues: worker.consumedQueues() };
  },
  shutdown: (worker, { shutdown }, { mode = "warm", withinMs = WITHIN_MS[mode] }) => {
    shutdown(withinMs);
    return { shutdown: mode, withinMs, running: worker.stats().running };
  },
  profile: (_worker, parts, { seconds = 5 }) => {
    const { dataDir } = parts;
    if (dataDir === undefined) throw new ApiumError("SERVICE_UNAVAILABLE", "this process has no data folder");
    return profileCpu({ clock: parts.clock, dataDir }, seconds);
  },
} as const satisfies Record<string, Order>;

export type WorkerOrder = keyof typeof WORKER_ORDERS;

/** By hand: what sized it by itself stops doing so. */
async function resize(worker: Worker, { autoscaler }: OrderParts, slots: number): Promise<{ size: number }> {
  if (slots < 1 || slots > MOST_SLOTS) {
    const fields = [
      { field: "n", message: `the worker has ${worker.concurrency} slots; 1 to ${MOST_SLOTS} can be had` },
    ];
    throw new ApiumError("PARAMS_INVALID", "the request is not valid", { fields });
  }
  autoscaler.keepWithin(undefined);
  await worker.resize(slots);
  return { size: worker.concurrency };
}
