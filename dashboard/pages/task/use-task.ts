// One task, kept fresh while it is not finished: at its own events, and every few seconds besides. What has ended does not
// change, and its result may be large: it is not read again.
import { useEffect, useRef } from "preact/hooks";
import { on, type TasksMessage } from "../../core/live.ts";
import type { Task } from "../../core/shapes.ts";
import { type Query, useQuery } from "../../core/use-query.ts";

const EVERY_MS = 3_000;
const SOON_MS = 150;

export function isEnded({ state }: Pick<Task, "state">): boolean {
  return state === "SUCCESS" || state === "FAILURE" || state === "REVOKED";
}

export function useTask(id: string): Query<Task> {
  const task = useQuery<Task>(`/tasks/${id}`, { everyMs: 0 });
  const { reload } = task;
  const isLive = task.data !== undefined && !isEnded(task.data);
  useTaskEvents(id, reload);
  useEffect(() => {
    if (!isLive) return;
    const every = setInterval(() => {
      if (!document.hidden) void reload();
    }, EVERY_MS);
    return () => clearInterval(every);
  }, [isLive, reload]);
  return task;
}

/** Calls `happened` soon after something was told of the task. */
export function useTaskEvents(id: string, happened: () => unknown): void {
  const latest = useRef(happened);
  latest.current = happened;
  useEffect(() => {
    let due: number | undefined;
    const stop = on("tasks", (message) => {
      if (!(message as TasksMessage).events.some((event) => event.id === id)) return;
      // The books are a moment behind what is told.
      due ??= setTimeout(() => {
        due = undefined;
        void latest.current();
      }, SOON_MS);
    });
    return () => {
      stop();
      clearTimeout(due);
    };
  }, [id]);
}
