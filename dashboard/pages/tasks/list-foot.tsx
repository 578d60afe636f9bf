// What stands below the last row: that more is on its way, how far a search has come, or that this is all.
import { useEffect, useRef, useState } from "preact/hooks";
import { moment, plural } from "../../core/format.ts";
import { Button } from "../../parts/button.tsx";
import { Empty } from "../../parts/card.tsx";
import type { TaskList } from "./task-list.ts";

/** A search that finds nothing asks again after so long. */
const LONGEST_SEARCH_MS = 30_000;

export function ListFoot({ list }: { list: TaskList }) {
  if (list.nextCursor === null) {
    return <p class="list-foot">{plural(list.items.length, "task")}, the oldest at the foot.</p>;
  }
  if (list.searchedTo !== null) return <SearchOn list={list} searchedTo={list.searchedTo} />;
  return <p class="list-foot">{list.isLoadingMore ? "Loading…" : ""}</p>;
}

function SearchOn({ list, searchedTo }: { list: TaskList; searchedTo: string }) {
  const [isSearching, setSearching] = useState(false);
  const isStopped = useRef(false);
  useEffect(
    () => () => {
      isStopped.current = true;
    },
    [],
  );
  const search = async () => {
    const [began, before] = [performance.now(), list.items.length];
    isStopped.current = false;
    setSearching(true);
    do await list.more();
    while (
      !isStopped.current &&
      list.items.length === before &&
      list.searchedTo !== null &&
      list.error === undefined &&
      performance.now() - began < LONGEST_SEARCH_MS
    );
    setSearching(false);
  };
  const found = list.items.length;
  return (
    <p class="list-foot" role="status">
      {found === 0 ? "Nothing found" : `${plural(found, "task")} found`}; searched back to {moment(searchedTo)}.
      <Button small icon="search" onClick={search}>
        {isSearching ? "Searching…" : "Search further back"}
      </Button>
      {isSearching ? (
        <Button
          small
          tone="quiet"
          onClick={() => {
            isStopped.current = true;
          }}
        >
          Stop
        </Button>
      ) : null}
    </p>
  );
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
