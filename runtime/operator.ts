// What an operator does about many tasks at once, and the look at what is wrong: purging, running again, letting go, dead
// letters by filter, topology. The runtime hands it out; who may do it, and the audit, are its callers' business.
import type { Routes } from "./contract/routes.ts";
import type { AnyTask } from "./contract/task-definition.ts";
import * as control from "./control/index.ts";

type RevokeParts = Parameters<typeof control.revokeTask>[0];
type RunAgainParts = Parameters<typeof control.retryTask>[0];
type RunNowParts = Parameters<typeof control.runNow>[0];

export type OperatorParts = RevokeParts &
  RunAgainParts &
  RunNowParts & {
    readonly routes: Routes;
    /** Where a call without options of its own goes. */
    readonly queueOf: (task: AnyTask) => string;
  };

export class Operator {
  readonly #parts: OperatorParts;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  /** Revokes what waits in a queue. @throws ApiumError `QUEUE_UNKNOWN`. */
  purge(queue: string, options?: control.PurgeOptions): Promise<control.Purged> {
    return control.purgeQueue(this.#parts, queue, options);
  }

  /** Runs finished tasks that fit again, each at most once. */
  retryMany(filter: control.EndedFilter, options?: control.RetryManyOptions): Promise<control.RetriedMany> {
    return control.retryTasks(this.#parts, filter, options);
  }

  /** Lets go at once what waits for its time and fits: one task, or many. */
  runNow(which: string | control.RevokeFilter, options?: control.RunNowOptions): Promise<control.RunNowOutcome> {
    return typeof which === "string"
      ? control.runTaskNow(this.#parts, which, options)
      : control.runNow(this.#parts, which, options);
  }

  /** True when there was a result. @throws ApiumError `TASK_NOT_FOUND`, `TASK_NOT_FINISHED`. */
  forgetResult(id: string): Promise<boolean> {
    return control.forgetResult(this.#parts.database, id);
  }

  /** @throws ApiumError `DEAD_LETTER_NOT_FOUND`. */
  deadLetter(id: string): Promise<control.DeadLetterView> {
    return control.getDeadLetter(this.#parts, id);
  }

  requeueDeadLetters(
    filter: control.LetterFilter,
    options?: Parameters<typeof control.requeueDeadLetters>[2],
  ): Promise<control.RequeuedLetters> {
    return control.requeueDeadLetters(this.#parts, filter, options);
  }

  dismissDeadLetters(
    filter: control.LetterFilter,
    options?: control.LettersOptions,
  ): Promise<control.DismissedLetters> {
    return control.dismissDeadLetters(this.#parts, filter, options);
  }

  /** Where each task goes, and who would run it. */
  async topology(): Promise<control.Topology> {
    const { database, clock, registry, routes, queueOf } = this.#parts;
    return control.topologyOf(registry.all(), routes, queueOf, await control.attendingWorkers(database, clock.now()));
  }

  /** What is wrong with tasks, queues and workers, or will be; errors first. */
  async checkTasks(): Promise<control.TaskFinding[]> {
    return control.checkTasks(await control.taskFacts(this.#parts.database, await this.topology()));
  }
}
