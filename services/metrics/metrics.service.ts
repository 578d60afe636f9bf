// Figures for Prometheus: of the whole system, asked for at the scrape, and of this process. Scrapes that come at once share
// one look, and one look is good for some seconds, so that nobody can load the database by scraping.
import type { Context, ServiceBroker } from "moleculer";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { TASK_EVENTS_SUBJECT, type TaskEventBatch } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { catalogue } from "./catalogue.ts";
import { type Ask, SOURCES } from "./sources.ts";

/** Younger figures than this are given again. */
const FRESH_MS = 5_000;
/** A source that takes longer is left out. */
const SOURCE_WITHIN_MS = 3_000;
/** Kinds of events that are told once a run. */
const ENDS: readonly string[] = ["succeeded", "failed", "retried"];

export function metricsService({ runtime }: Pick<ServiceParts, "runtime">): TaskServiceSchema {
  const metrics = catalogue();
  const own = new Registry();
  const { clock } = runtime.parts;
  let broker: ServiceBroker | undefined;
  let looking: Promise<void> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const ask: Ask = (action, params = {}) => {
    if (broker === undefined) return Promise.reject(new Error("the service is not started"));
    return broker.call(action, params, { timeout: SOURCE_WITHIN_MS }) as Promise<never>;
  };

  async function look(): Promise<void> {
    // A worker or a schedule that is gone must not stay with its last figures.
    for (const metric of Object.values(metrics)) if (metric instanceof Gauge) metric.reset();
    const now = clock.now();
    await Promise.all(
      SOURCES.map(async ({ name: source, read }) => {
        const isUp = await read(ask, metrics, now).then(
          () => true,
          () => false,
        );
        metrics.sourceUp.set({ source }, isUp ? 1 : 0);
      }),
    );
    lookedAt = clock.monotonic();
  }

  return {
    name: "metrics",
    actions: {
      /** Text in Prometheus' exposition format. */
      async read(): Promise<string> {
        if (clock.monotonic() - lookedAt > FRESH_MS) {
          looking ??= look().finally(() => {
            looking = undefined;
          });
          await looking;
        }
        return `${await metrics.registry.metrics()}\n${await own.metrics()}`;
      },
    },
    events: {
      [TASK_EVENTS_SUBJECT]({ params: { events, dropped } }: Context<TaskEventBatch>) {
        if (dropped > 0) metrics.eventsDropped.inc(dropped);
        for (const { type, name: task, runtimeMs } of events) {
          metrics.taskEvents.inc({ type, task });
          if (runtimeMs !== undefined && ENDS.includes(type)) metrics.runSeconds.observe({ task }, runtimeMs / 1_000);
        }
      },
    },
    created() {
      broker = (this as { broker: ServiceBroker }).broker;
    },
    async started() {
      collectDefaultMetrics({ register: own });
    },
    async stopped() {
      own.clear();
    },
  };
}
