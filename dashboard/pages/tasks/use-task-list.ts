// A list of tasks that keeps itself fresh: after events at most once a second, and every few seconds besides. What was loaded
// is there again on the way back from a task.
import { useCallback, useEffect, useReducer, useRef } from "preact/hooks";
import { address, get, systemTime } from "../../core/api.ts";
import { useKept } from "../../core/kept.ts";
import { on, type TasksMessage } from "../../core/live.ts";
import type { Items, Task } from "../../core/shapes.ts";
import type { TaskFilter } from "./filter.ts";
import { listParams } from "./list-params.ts";
import { PAGE_ROWS, TaskList, type TaskPage } from "./task-list.ts";

const LEAST_BETWEEN_MS = 1_000;
/** A search that takes its time is made as much more seldom. */
const LEAST_BETWEEN_FACTOR = 10;
const LOOK_EVERY_MS = 5_000;
const ASK_OF_VIEW_EVERY_MS = 10_000;
const ENDED = new Set(["SUCCESS", "FAILURE", "REVOKED"]);

export interface UsedTaskList {
  readonly list: TaskList;
  /** Where the window stood when one left it. */
  readonly startAt: number;
  readonly reload: () => Promise<void>;
  /** Of the rows in view, so that those far down stay true, too. */
  readonly onView: (rows: readonly Task[]) => void;
}

/**
 * @param place - the address of the list: another one is another list.
 * @param isReady - what the filter needs to know of the API is known.
 * @param isHeld - whether what is new shall wait.
 */
export function useTaskList(place: string, filter: TaskFilter, isReady: boolean, isHeld: () => boolean): UsedTaskList {
  const [, redraw] = useReducer((draws: number, _: undefined) => draws + 1, 0);
  const { value: list, startAt } = useKept(
    place,
    () =>
      new TaskList((cursor) =>
        get<TaskPage>(address("/tasks", { ...listParams(filter, systemTime()).params, limit: PAGE_ROWS, cursor })),
      ),
  );
  const held = useRef(isHeld);
  held.current = isHeld;
  const view = useRef<readonly Task[]>([]);
  const reload = useCallback(() => list.look(false), [list]);

  useEffect(() => list.watch(() => redraw(undefined)), [list]);
  useEffect(() => {
    if (!isReady) return;
    let due: number | undefined;
    let next = 0;
    let [isLooking, isMissed, isOver] = [false, false, false];
    const look = async () => {
      const asked = performance.now();
      due = undefined;
      isLooking = true;
      isMissed = false;
      await list.look(held.current());
      isLooking = false;
      next = asked + Math.max(LEAST_BETWEEN_MS, (performance.now() - asked) * LEAST_BETWEEN_FACTOR);
      if (isMissed) happened();
    };
    const happened = () => {
      isMissed ||= isLooking;
      if (document.hidden || isLooking || isOver) return;
      due ??= setTimeout(look, Math.max(0, next - performance.now()));
    };
    void look();
    const stops = [
      on("tasks", (message) => {
        list.heard((message as TasksMessage).events);
        happened();
      }),
      on("reset", happened),
    ];
    const every = setInterval(happened, LOOK_EVERY_MS);
    const ofView = setInterval(() => void askOfView(list, view.current), ASK_OF_VIEW_EVERY_MS);
    document.addEventListener("visibilitychange", happened);
    return () => {
      isOver = true;
      for (const stop of stops) stop();
      clearTimeout(due);
      clearInterval(every);
      clearInterval(ofView);
      document.removeEventListener("visibilitychange", happened);
    };
  }, [list, isReady]);
  const onView = useCallback((rows: readonly Task[]) => {
    view.current = rows;
  }, []);
  return { list, startAt, reload, onView };
}

/** The first page is read again and again; of what stands below it, only what is looked at is asked. */
async function askOfView(list: TaskList, rows: readonly Task[]): Promise<void> {
  const read = new Set(list.items.slice(0, PAGE_ROWS).map(({ id }) => id));
  const ids = rows.filter((row) => !read.has(row.id) && !ENDED.has(list.current(row).state)).map(({ id }) => id);
  if (ids.length === 0 || document.hidden) return;
  try {
    const found = await get<Items<Pick<Task, "id" | "worker"> & { readonly state: string | null }>>(
      address("/inspect/query_task", { ids: ids.join() }),
    );
    list.found(found.items);
  } catch {
    // It is asked again soon.
  }
}
