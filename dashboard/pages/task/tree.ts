// A family of tasks as `GET /tasks/:id/tree` tells it.
export interface TaskNode {
  readonly id: string;
  /** "" where it is not known. */
  readonly name: string;
  readonly state: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly childIndex: number | null;
  readonly retryOf: string | null;
  readonly retriedAs: string | null;
  readonly children: readonly TaskNode[];
}

export interface TaskTree {
  readonly root: TaskNode;
  readonly count: number;
  /** There are more tasks than are told. */
  readonly truncated: boolean;
}
