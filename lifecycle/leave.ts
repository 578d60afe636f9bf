// How a process leaves: told by a signal or by an operator, in order, once.
import type { ServiceBroker } from "moleculer";
import type { Database } from "../database/index.ts";
import type { Log, Runtime } from "../runtime/index.ts";
import type { Leaving } from "../services/leaving.ts";
import type { Settings } from "../settings.ts";
import type { Tracing } from "../telemetry/index.ts";
import { whenToldToStop } from "./told-to-stop.ts";

/** A stop that hangs (a database that does not answer) ends this long after the drain's own time-out. */
const LEAVE_ANYWAY_MS = 15_000;

export interface Leavers {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly farewells: Leaving;
  readonly broker: ServiceBroker;
  readonly database: Database;
  readonly tracing: Tracing;
  readonly log: Log;
}

/**
 * SIGTERM and SIGINT: stop taking work, finish or hand back what runs, leave. A second signal leaves at once. What is
 * answered does the same for whoever asks this process to leave, once.
 */
export function stopper({ settings, runtime, farewells, broker, database, tracing, log }: Leavers): () => void {
  let isLeaving = false;
  const leave = () => {
    if (isLeaving) return;
    isLeaving = true;
    setTimeout(() => process.exit(1), settings.DRAIN_TIMEOUT + LEAVE_ANYWAY_MS).unref();
    log.info("stopping: no new tasks; what runs may finish");
    farewells.announce();
    runtime
      .drain(settings.DRAIN_TIMEOUT)
      .then(() => farewells.finish())
      .then(() => broker.stop())
      .then(() => runtime.stop(0))
      .then(() => database.close())
      .then(() => tracing.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error("could not stop in order", error);
          process.exit(1);
        },
      );
  };
  let isTold = false;
  const onSignal = () => {
    if (isTold) {
      log.warn("told to stop a second time: leaving at once; what runs is rescued elsewhere");
      process.exit(1);
    }
    isTold = true;
    leave();
  };
  whenToldToStop(onSignal);
  return leave;
}
