// What is wrong with tasks, queues and workers, or will be: told to whoever asks the doctor. Pure.
import { errorsFirst, type Finding } from "../contract/finding.ts";
import type { Topology } from "./topology.ts";

/** Of a queue, a task, a glob. */
export type TaskFinding = Finding<
  "QUEUE_UNATTENDED" | "TASK_UNHANDLED" | "ROUTE_UNUSED" | "QUEUE_PAUSED" | "TASKS_HELD" | "RETRYING" | "DEAD_LETTERS"
>;

export interface TaskFacts {
  readonly topology: Topology;
  /** Tasks that wait to be started, by name and queue. */
  readonly waiting: readonly { readonly name: string; readonly queue: string; readonly tasks: number }[];
  readonly pausedQueues: readonly { readonly name: string; readonly since: string; readonly by: string | null }[];
  /** Put aside by a pause: `type:<name>` or `tenant:<tenant>`. */
  readonly held: readonly { readonly heldFor: string; readonly tasks: number }[];
  readonly retrying: readonly {
    readonly name: string;
    readonly tasks: number;
    readonly nextAt: string;
    readonly lastError: string | null;
  }[];
  readonly letters: readonly {
    readonly name: string | null;
    readonly letters: number;
    readonly since: string;
    readonly lastError: string | null;
  }[];
}

/** @returns findings, errors first. */
export function checkTasks(facts: TaskFacts): TaskFinding[] {
  return errorsFirst([
    ...unattended(facts),
    ...unhandled(facts),
    ...facts.topology.unusedRoutes.map(unusedRoute),
    ...pausedQueues(facts),
    ...facts.held.map(held),
    ...facts.retrying.map(retrying),
    ...facts.letters.map(letters),
  ]);
}

/** Queues with work in them that no worker takes from. */
function unattended({ topology, waiting }: TaskFacts): TaskFinding[] {
  const attended = new Set(topology.items.filter(({ consumers }) => consumers > 0).map(({ queue }) => queue));
  const known = new Set(topology.items.map(({ queue }) => queue));
  const queues = Map.groupBy(waiting, ({ queue }) => queue);
  return [...queues]
    .filter(([queue]) => known.has(queue) && !attended.has(queue))
    .map(([queue, rows]) => ({
      severity: "error",
      code: "QUEUE_UNATTENDED",
      subject: queue,
      message: `${counted(total(rows))} in the queue ${queue}, and no live worker takes from it`,
      suggestion: `start a worker with ${queue} in QUEUES, or \`apium control add-consumer ${queue}\``,
    }));
}

/** Tasks nobody would run although their queue is worked: an error while some wait. */
function unhandled({ topology, waiting }: TaskFacts): TaskFinding[] {
  const lonely = topology.items.filter(({ problem, consumers }) => problem !== null && consumers > 0);
  return lonely.map(({ task, queue, problem }) => {
    const stuck = total(waiting.filter(({ name }) => name === task));
    return {
      severity: stuck > 0 ? "error" : "warning",
      code: "TASK_UNHANDLED",
      subject: task,
      message: `${problem}${stuck > 0 ? `; ${counted(stuck)} already` : "; what is enqueued would wait"}`,
      suggestion: `start a worker with the service that has it and with ${queue} in QUEUES`,
    };
  });
}

function unusedRoute(glob: string): TaskFinding {
  return {
    severity: "warning",
    code: "ROUTE_UNUSED",
    subject: glob,
    message: "this glob of TASK_ROUTES decides nothing for any task",
    suggestion: "globs are matched against task names, the first that fits wins: `apium routes` shows the names",
  };
}

function pausedQueues({ pausedQueues: paused, waiting }: TaskFacts): TaskFinding[] {
  return paused.flatMap(({ name, since, by }) => {
    const tasks = total(waiting.filter(({ queue }) => queue === name));
    if (tasks === 0) return [];
    return {
      severity: "warning",
      code: "QUEUE_PAUSED",
      subject: name,
      message: `${counted(tasks)}; it has been paused since ${since}${by === null ? "" : ` by ${by}`}`,
      suggestion: `\`apium queues resume ${name}\` when what it was paused for is over`,
    };
  });
}

function held({ heldFor, tasks }: TaskFacts["held"][number]): TaskFinding {
  const [kind = "", ...name] = heldFor.split(":");
  return {
    severity: "warning",
    code: "TASKS_HELD",
    subject: name.join(":"),
    message: `a pause of the ${kind === "type" ? "task type" : "tenant"} holds ${tasks} ${tasks === 1 ? "task" : "tasks"}`,
    suggestion: `\`apium control resume --${kind === "type" ? "task" : "tenant"} ${name.join(":")}\``,
  };
}

function retrying({ name, tasks, nextAt, lastError }: TaskFacts["retrying"][number]): TaskFinding {
  return {
    severity: "warning",
    code: "RETRYING",
    subject: name,
    message: `${tasks} failed and ${tasks === 1 ? "waits" : "wait"} for another attempt, the next at ${nextAt}${said(lastError)}`,
    suggestion: `mend the cause; \`apium tasks run-now --name ${name}\` does not wait for the retries' delays`,
  };
}

function letters({ name, letters: count, since, lastError }: TaskFacts["letters"][number]): TaskFinding {
  return {
    severity: "warning",
    code: "DEAD_LETTERS",
    subject: name ?? "no task",
    message: `${count} ${count === 1 ? "dead letter" : "dead letters"} since ${since}${said(lastError)}`,
    suggestion:
      name === null
        ? "`apium dead-letters` shows the bytes; dismiss them when their sender is found"
        : `mend the cause, then \`apium dead-letters requeue --name ${name}\``,
  };
}

function said(error: string | null): string {
  return error === null ? "" : `; the last said: ${error}`;
}

function total(rows: readonly { readonly tasks: number }[]): number {
  return rows.reduce((sum, { tasks }) => sum + tasks, 0);
}

function counted(tasks: number): string {
  return tasks === 1 ? "1 task waits" : `${tasks} tasks wait`;
}
