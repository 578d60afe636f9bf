// What stands below the last row: that more is on its way, how far a search for text has come, or that this is all.
import { moment, plural } from "../../core/format.ts";
import { Button } from "../../parts/button.tsx";
import { Empty } from "../../parts/card.tsx";
import type { TaskList } from "./task-list.ts";

export function ListFoot({ list }: { list: TaskList }) {
  if (list.nextCursor === null) {
    return <p class="list-foot">{plural(list.items.length, "task")}, the oldest at the foot.</p>;
  }
  if (list.searchedTo !== null) {
    return (
      <p class="list-foot">
        {plural(list.items.length, "task")} so far; searched back to {moment(list.searchedTo)}.
        <Button small icon="search" onClick={() => list.more()}>
          Search further back
        </Button>
      </p>
    );
  }
  return <p class="list-foot">{list.isLoadingMore ? "Loading…" : ""}</p>;
}

export function NoTasks({ isFiltered }: { isFiltered: boolean }) {
  return (
    <div class="card">
      {isFiltered ? (
        <Empty title="No task fits">
          Take a part of the filter away, or wait: a task that fits shows here as soon as it is accepted.
        </Empty>
      ) : (
        <Empty title="No tasks yet">
          Whatever is enqueued shows here: by the code, by schedules, over REST, or with the button above.
        </Empty>
      )}
    </div>
  );
}
