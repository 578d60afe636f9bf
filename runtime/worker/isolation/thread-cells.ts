// Cells that are threads: a piscina pool. Piscina starts the threads, carries calls and results, and ends a thread in
// the middle of a run (a signal per run: `for(;;){}` is over within milliseconds). What it has no notion of is done
// here: aborts and reports travel over a port per run, worn threads are ended while idle, and the balancer seats a
// run only in a thread that is known to be idle. The waiting line is `LimitedIsolation`'s: piscina's own hands a
// thread its next run before anyone could recycle it. There is no memory cap: a thread over its `resourceLimits` took
// the whole process along in 4 of 10 trials. Handlers that need one run in processes.
import { fileURLToPath } from "node:url";
import { MessageChannel, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { Piscina, queueOptionsSymbol } from "piscina";
import type { Clock } from "../../contract/clock.ts";
import { messageOf } from "../../contract/errors.ts";
import type { Log } from "../../contract/log.ts";
import type { CellRun, Cells, Ending, Outcome, Report, SentCall, Tell } from "./cells.ts";
import { cellEnvironment } from "./environment.ts";
import { type Cell, IdleCells } from "./idle-cells.ts";
import type { IsolationOptions } from "./isolation.ts";
import { threadDeath } from "./last-words.ts";
import type { ThreadCall } from "./thread-entry.ts";

type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;
type Seat = NonNullable<PoolOptions["loadBalancer"]>;

interface Thread extends Cell {
  readonly id: number;
  readonly worker: Worker;
  readonly gone: Promise<void>;
  runs: number;
  heldMb: number;
}

/** A run on its way through the pool. */
class Passenger {
  thread: Thread | undefined;
  readonly ending = new AbortController();
}

export class ThreadCells implements Cells {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #max: number;
  readonly #pool: Piscina<unknown, Ending>;
  readonly #idle: IdleCells<Thread>;
  /** By piscina's id; those that have started and not ended. */
  readonly #threads = new Map<number, Thread>();
  readonly #unseated = new Set<Passenger>();

  constructor(options: IsolationOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#max = options.max;
    this.#idle = new IdleCells(options, async ({ worker, gone }) => {
      void worker.terminate();
      await gone;
    });
    this.#pool = new Piscina({
      filename: fileURLToPath(new URL("./thread-entry.ts", import.meta.url)),
      name: "runInThread",
      minThreads: 0,
      maxThreads: options.max,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: "disabled", // Else an idle thread does not turn its event loop.
      recordTiming: false,
      env: cellEnvironment(),
      loadBalancer: (task, workers) => this.#seat(task, workers),
    });
    this.#pool.on("workerCreate", ({ id }: { id: number }) => this.#arrived(id));
    this.#pool.on("error", (error) => this.#failed(error));
  }

  start(call: SentCall, _memoryLimitMb: number | undefined, tell: Tell): CellRun {
    const passenger = new Passenger();
    const { port1: port, port2 } = new MessageChannel();
    port.on("message", (report: Report) => tell(report));
    const outcome = this.#carry(passenger, { call, port: port2 }).finally(() => {
      // Two ports keep no order between them: what was reported before the end is fetched before the end is told.
      for (let left = receiveMessageOnPort(port); left !== undefined; left = receiveMessageOnPort(port)) {
        tell(left.message);
      }
      port.close();
    });
    return {
      outcome,
      vacated: outcome.then(
        () => this.#vacate(passenger),
        () => this.#vacate(passenger),
      ),
      abort: (reason) => port.postMessage(reason),
      kill: async () => {
        passenger.ending.abort();
        await passenger.thread?.gone;
      },
    };
  }

  counts(): { idle: number; recycled: number } {
    return { idle: this.#idle.size, recycled: this.#idle.recycled };
  }

  renew(): Promise<number> {
    return this.#idle.renew();
  }

  async close(): Promise<void> {
    await this.#idle.clear();
    await this.#pool.destroy();
    await Promise.all([...this.#threads.values()].map((thread) => thread.gone));
  }

  async #carry(passenger: Passenger, work: ThreadCall): Promise<Outcome> {
    // Piscina counts a thread until it has ended, and does not then start another for the run that waits.
    while (this.#idle.size === 0 && this.#idle.isLeaving && this.#pool.threads.length >= this.#max) {
      await this.#idle.makeRoom();
    }
    this.#unseated.add(passenger);
    try {
      const task = { ...work, [queueOptionsSymbol]: passenger };
      const { signal } = passenger.ending;
      const { outcome, heldMb } = await this.#pool.run(task, { signal, transferList: [work.port] });
      if (passenger.thread !== undefined) passenger.thread.heldMb = heldMb;
      return outcome;
    } catch (error) {
      throw threadDeath(work.call.task.id, passenger.ending.signal.reason ?? error);
    } finally {
      this.#unseated.delete(passenger);
    }
  }

  /** Called by piscina for a run that needs a thread; `null` lets it wait for the next one that is ready. */
  #seat(task: Parameters<Seat>[0], workers: Parameters<Seat>[1]): ReturnType<Seat> {
    const thread = this.#idle.take(({ id }) => workers.some((worker) => worker.id === id));
    if (thread === undefined) return null;
    const passenger = task[queueOptionsSymbol] as Passenger;
    this.#unseated.delete(passenger);
    passenger.thread = thread;
    thread.runs++;
    return workers.find((worker) => worker.id === thread.id) ?? null;
  }

  async #vacate({ thread }: Passenger): Promise<void> {
    if (thread === undefined) return;
    if (this.#pool.threads.includes(thread.worker)) await this.#idle.put(thread);
    else await thread.gone;
  }

  #arrived(id: number): void {
    const worker = this.#pool.threads.find(({ threadId }) => threadId === id);
    if (worker === undefined) return;
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const thread = { id, worker, gone, bornAt: this.#clock.monotonic(), runs: 0, heldMb: 0 };
    this.#threads.set(id, thread);
    worker.once("exit", () => {
      this.#threads.delete(id);
      this.#idle.drop(thread);
      resolve();
    });
    void this.#idle.put(thread);
  }

  /** A thread failed while it had no run. Those that died while starting take the run along that waited for them. */
  #failed(error: unknown): void {
    this.#log.warn(`a thread failed between two runs: ${messageOf(error)}`);
    const starting = this.#pool.threads.filter(({ threadId }) => !this.#threads.has(threadId)).length;
    for (const passenger of [...this.#unseated].slice(starting)) passenger.ending.abort(error);
  }
}
