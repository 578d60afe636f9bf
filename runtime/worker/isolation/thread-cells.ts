// Cells that are threads: a piscina pool. Piscina starts the threads, carries calls and results, and ends a thread in
// the middle of a run (a signal per run: `for(;;){}` is over within milliseconds). What it has no notion of is done
// here: aborts and progress travel over a port per run, worn threads are ended while idle, and the balancer seats a
// run only in a thread that is known to be idle. The waiting line is `LimitedIsolation`'s: piscina's own hands a
// thread its next run before anyone could recycle it. There is no memory cap: a thread over its `resourceLimits` took
// the whole process along in 4 of 10 trials. Handlers that need one run in processes.
import { fileURLToPath } from "node:url";
import { MessageChannel, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { Piscina, queueOptionsSymbol } from "piscina";
import { ApiumError, codeOf, messageOf } from "../../contract/errors.ts";
import type { Log } from "../../contract/log.ts";
import type { CellRun, Cells, Ending, Outcome, SentCall, TellProgress } from "./cells.ts";
import { cellEnvironment } from "./environment.ts";
import { type Cell, IdleCells } from "./idle-cells.ts";
import type { IsolationOptions } from "./isolation.ts";
import type { ThreadProgress } from "./thread-entry.ts";

type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;
type Seat = NonNullable<PoolOptions["loadBalancer"]>;

interface Thread extends Cell {
  readonly worker: Worker;
  readonly gone: Promise<void>;
  runs: number;
  heldMb: number;
}

/** A run that was handed to the pool. */
class Passenger {
  thread: Thread | undefined;
  readonly ending = new AbortController();
}

export class ThreadCells implements Cells {
  readonly #log: Log;
  readonly #max: number;
  readonly #pool: Piscina<unknown, Ending>;
  readonly #idle: IdleCells<Thread>;
  /** By piscina's id; those that have started and not ended. */
  readonly #threads = new Map<number, Thread>();
  readonly #unseated = new Set<Passenger>();

  constructor(options: IsolationOptions) {
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

  start(call: SentCall, _memoryLimitMb: number | undefined, tell: TellProgress): CellRun {
    const passenger = new Passenger();
    const { port1: port, port2 } = new MessageChannel();
    const report = ({ fraction, message }: ThreadProgress) => tell(fraction, message);
    port.on("message", report);
    const outcome = this.#fly(passenger, { call, port: port2 }).finally(() => {
      // Two ports keep no order between them: what was reported before the end is fetched before the end is told.
      for (let left = receiveMessageOnPort(port); left !== undefined; left = receiveMessageOnPort(port)) {
        report(left.message);
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

  async close(): Promise<void> {
    await this.#idle.clear();
    await this.#pool.destroy();
    await Promise.all([...this.#threads.values()].map((thread) => thread.gone));
  }

  async #fly(passenger: Passenger, work: object): Promise<Outcome> {
    // Piscina counts a thread until it has ended, and forgets to start another one in its place.
    while (this.#idle.size === 0 && this.#idle.leaving && this.#pool.threads.length >= this.#max) {
      await this.#idle.makeRoom();
    }
    this.#unseated.add(passenger);
    try {
      const { signal } = passenger.ending;
      const task = { ...work, [queueOptionsSymbol]: passenger };
      const { outcome, heldMb } = await this.#pool.run(task, { signal, transferList: Object.values(work).slice(1) });
      if (passenger.thread !== undefined) passenger.thread.heldMb = heldMb;
      return outcome;
    } catch (error) {
      passenger.ending.abort();
      throw diagnose(error);
    } finally {
      this.#unseated.delete(passenger);
    }
  }
}
