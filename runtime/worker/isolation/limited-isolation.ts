// The waiting line before the cells: at most `max` runs at a time, the rest in the order they came. A place is free
// again only when its cell is idle or gone, so there are never more threads or processes than places. Owns the stop:
// it is bounded, whatever the handlers do. Leaves to the cells how a run is started and ended.
import { detached } from "../../../database/index.ts";
import { type Clock, sleep } from "../../contract/clock.ts";
import { ApiumError } from "../../contract/errors.ts";
import type { Cells } from "./cells.ts";
import type { IsolatedCall, IsolatedRun, Isolation, IsolationOptions, IsolationStats } from "./isolation.ts";
import { Order } from "./order.ts";

/** A worker has drained before it stops its isolation: what still runs then has had its time. */
const STOP_GRACE_MS = 5_000;

export class LimitedIsolation implements Isolation {
  readonly #options: IsolationOptions;
  readonly #clock: Clock;
  readonly #cells: Cells;
  readonly #waiting = new Set<Order>();
  readonly #underway = new Map<Order, Promise<void>>();
  #stopping: Promise<void> | undefined;

  constructor(options: IsolationOptions, cells: Cells) {
    this.#options = options;
    this.#clock = options.clock;
    this.#cells = cells;
  }

  run(call: IsolatedCall): IsolatedRun {
    const order = new Order(call, this.#options, () => this.#waiting.delete(order));
    if (this.#stopping !== undefined) void order.terminate(stopped());
    else {
      this.#waiting.add(order);
      this.#fill();
    }
    return order;
  }

  stats(): IsolationStats {
    return {
      max: this.#options.max,
      running: this.#underway.size,
      waiting: this.#waiting.size,
      ...this.#cells.counts(),
    };
  }

  renew(): Promise<number> {
    return this.#cells.renew();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #fill(): void {
    for (const order of this.#waiting) {
      if (this.#underway.size >= this.#options.max) return;
      this.#waiting.delete(order);
      // Cells outlive the run they were started for; they must not inherit its flow of control.
      const vacated = detached(() => order.begin(this.#cells));
      this.#underway.set(
        order,
        vacated.then(() => {
          this.#underway.delete(order);
          this.#fill();
        }),
      );
    }
  }

  async #stop(): Promise<void> {
    for (const order of this.#waiting) void order.terminate(stopped());
    const over = new AbortController();
    const ends = Promise.all(this.#underway.values());
    await Promise.race([ends, sleep(this.#clock, STOP_GRACE_MS, over.signal)]);
    over.abort();
    await Promise.all([...this.#underway.keys()].map((order) => order.terminate(stopped())));
    await ends;
    await this.#cells.close();
  }
}

function stopped(): ApiumError {
  return new ApiumError("TASK_FENCED", "the worker is shutting down; this run was not finished");
}
