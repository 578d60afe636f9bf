// A task in a worker's hands, as Celery's workers show it (celery/worker/request.py, `Request.info`), and one that waits for
// its time (celery/worker/control.py, `scheduled`). Pure. Null is what nobody knows, or what may not be shown.

/** Of a worker's answer, or of the books. */
export interface HeldTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
}

/** What the books know besides. */
export interface Given {
  readonly params: unknown;
  readonly priority: number;
  readonly crashes: number;
}

export interface ScheduledTask extends HeldTask, Given {
  readonly dueAt: string | null;
}

export interface Holder {
  readonly worker: string;
  /** Seconds since the epoch; null: it has not begun. */
  readonly since: number | null;
  /** Of the process it runs in. */
  readonly pid: number | null;
  /** Its message was acknowledged: the worker has claimed it. */
  readonly isClaimed: boolean;
}

export function celeryRequest(task: HeldTask, given: Given | undefined, holder: Holder): object {
  return {
    id: task.id,
    name: task.name,
    args: [],
    kwargs: given?.params ?? null,
    type: task.name,
    hostname: holder.worker,
    time_start: holder.since,
    acknowledged: holder.isClaimed,
    delivery_info: {
      exchange: "",
      routing_key: task.queue,
      priority: given?.priority ?? null,
      // A first worker had it and was lost.
      redelivered: given === undefined ? null : given.crashes > 0,
    },
    worker_pid: holder.pid,
  };
}

export function celeryScheduled(task: ScheduledTask, worker: string): object {
  const request = celeryRequest(task, task, { worker, since: null, pid: null, isClaimed: false });
  return { eta: task.dueAt, priority: task.priority, request };
}
