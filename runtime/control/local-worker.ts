// The worker of this process as it is spoken to: questions and orders by name, answered by whoever is there. Every process
// has one, with or without a worker in it.

import type { Database } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { Autoscaler, type Worker } from "../worker/index.ts";
import { EventLoopWatch, type LoopLag } from "./event-loop.ts";
import { type AnswerOptions, WORKER_ANSWERS, type WorkerQuestion, type WorkerSurroundings } from "./worker-answers.ts";
import { type OrderOptions, type OrderParts, WORKER_ORDERS, type WorkerOrder } from "./worker-orders.ts";

export interface LocalWorkerParts extends Omit<WorkerSurroundings, "loop"> {
  readonly database: Database;
  readonly worker: () => Worker | undefined;
  readonly dataDir: string | undefined;
  readonly drain: (withinMs: number) => Promise<void>;
  readonly renewCells: OrderParts["renewCells"];
  /** Ends the process in good order, once its worker has stopped. */
  readonly leave: (() => void) | undefined;
}

export class LocalWorker {
  readonly #parts: LocalWorkerParts;
  readonly #loop = new EventLoopWatch();
  #isLeaving = false;
  readonly #autoscalers = new WeakMap<Worker, Autoscaler>();

  constructor(parts: LocalWorkerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop.start();
  }

  stop(): void {
    this.#loop.stop();
    const worker = this.#parts.worker();
    if (worker !== undefined) this.#autoscalers.get(worker)?.keepWithin(undefined);
  }

  /** How late the event loop of this process is. */
  get loopLag(): LoopLag {
    return this.#loop.read();
  }

  /** Its id; `undefined`: this process runs no tasks. */
  get id(): string | undefined {
    return this.#parts.worker()?.worker;
  }

  /** @throws ApiumError `SERVICE_UNAVAILABLE` without a worker. */
  async answer(question: WorkerQuestion, options: AnswerOptions = {}): Promise<unknown> {
    const answer = await WORKER_ANSWERS[question](this.#worker(), { ...this.#parts, loop: this.#loop }, options);
    if (question !== "stats") return answer;
    return { ...(answer as object), autoscale: this.#autoscalerOf(this.#worker()).bounds ?? null };
  }

  /** @throws ApiumError `PARAMS_INVALID`, `QUEUE_UNKNOWN`, `STORE_UNAVAILABLE`; `SERVICE_UNAVAILABLE` without a worker. */
  async obey(order: WorkerOrder, options: OrderOptions = {}): Promise<unknown> {
    const worker = this.#worker();
    const parts: OrderParts = {
      ...this.#parts,
      loop: this.#loop,
      autoscaler: this.#autoscalerOf(worker),
      shutdown: (withinMs) => void this.#shutdown(withinMs),
    };
    return WORKER_ORDERS[order](worker, parts, options);
  }

  #worker(): Worker {
    const worker = this.#parts.worker();
    if (worker === undefined) throw new ApiumError("SERVICE_UNAVAILABLE", "this process runs no tasks");
    return worker;
  }

  #autoscalerOf(worker: Worker): Autoscaler {
    let autoscaler = this.#autoscalers.get(worker);
    if (autoscaler === undefined) {
      autoscaler = new Autoscaler(worker, this.#parts.database, this.#parts);
      this.#autoscalers.set(worker, autoscaler);
    }
    return autoscaler;
  }

  /** Told again, it only becomes quicker; it leaves once. */
  async #shutdown(withinMs: number): Promise<void> {
    const { drain, leave, log } = this.#parts;
    const isFirst = !this.#isLeaving;
    this.#isLeaving = true;
    log.info(`told to shut down: no new tasks; what runs may go on for ${withinMs} ms`);
    await drain(withinMs).catch((error: unknown) => log.error("the worker could not stop in order", error));
    if (isFirst) leave?.();
  }
}
