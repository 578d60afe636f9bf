// The list of tasks: found by state, kind, queue, worker, time and text, live, and done with by one or by many.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { may } from "../../core/me.ts";
import { offers } from "../../core/offers.ts";
import { query, setQuery } from "../../core/place.ts";
import type { Task } from "../../core/shapes.ts";
import { BulkBar } from "../../parts/bulk-bar.tsx";
import { Button } from "../../parts/button.tsx";
import { Grid } from "../../parts/grid.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { say } from "../../parts/toast.tsx";
import { EnqueueDialog } from "../enqueue/enqueue-dialog.tsx";
import { retrySelected, revokeMatching, revokeSelected } from "./bulk-actions.tsx";
import { FILTER_NAMES, filterOf, revokeFilter, runNowFilter, waitsForItsTime } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { rememberList } from "./last-list.ts";
import { ListFoot, NoTasks } from "./list-foot.tsx";
import { listParams } from "./list-params.ts";
import { runMatchingNow, runSelectedNow } from "./run-now.tsx";
import { taskColumns } from "./task-columns.tsx";
import { useTaskList } from "./use-task-list.ts";

/** Scrolled further than this, one reads: new tasks wait. */
const READING_PX = 160;

export function Tasks() {
  const filter = filterOf(query.value);
  const place = `/tasks?${FILTER_NAMES.map((name) => `${name}=${query.value.get(name) ?? ""}`).join("&")}`;
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const isPointed = useRef(false);
  const isHeld = () => scrollY > READING_PX || selected.size > 0 || isPointed.current;
  // Only parts of a filter that are not known everywhere need to be looked up first.
  const { unknown } = listParams(filter, 0);
  const isReady = offers("GET /tasks") !== undefined;
  const { list, startAt, reload, onView } = useTaskList(place, filter, isReady, isHeld);
  useEffect(() => setSelected(new Set()), [list]);
  useEffect(rememberList, [place]);
  const goOn = useCallback(() => {
    // A search for text goes on by itself only while it finds: else one is asked.
    if (list.searchedTo === null) void list.more();
  }, [list]);

  const ids = [...selected];
  const after = async (isDone: boolean) => {
    if (!isDone) return;
    setSelected(new Set());
    await reload();
  };
  const revocable = may("operator") ? revokeFilter(filter) : undefined;
  const canRunNow = may("operator") && offers("POST /tasks/run-now") === true;
  const runnable = canRunNow ? runNowFilter(filter) : undefined;
  const enqueued = query.value.get("enqueue");
  const isEmpty = list.items.length === 0 && list.nextCursor === null;
  return (
    <Page
      title="Tasks"
      hint="Newest first. What happens shows at once; rows stay put while you read."
      actions={
        <>
          {runnable === undefined ? null : (
            <Button
              icon="run"
              onClick={async () => after(await runMatchingNow(runnable, matchingWords("waiting", filter.q)))}
            >
              Run all that match now
            </Button>
          )}
          {revocable === undefined ? null : (
            <Button
              tone="danger"
              icon="ban"
              onClick={async () => after(await revokeMatching(revocable, matchingWords("unfinished", filter.q)))}
            >
              Revoke all that match
            </Button>
          )}
          <Button tone="main" icon="plus" needs="operator" onClick={() => setQuery({ enqueue: filter.name || "new" })}>
            Enqueue
          </Button>
        </>
      }
    >
      <Filters filter={filter} />
      {unknown.length === 0 ? null : (
        <p class="notice">This system cannot filter by {unknown.join(", ")} yet: that part is left out.</p>
      )}
      <Loaded
        query={{
          data: list.nextCursor === undefined ? undefined : list,
          error: list.error,
          isLoading: false,
          reload,
        }}
        lines={12}
      >
        {() =>
          isEmpty ? (
            <NoTasks isFiltered={place !== EMPTY_PLACE} />
          ) : (
            <div
              class="task-list"
              onPointerEnter={({ pointerType }) => {
                isPointed.current = pointerType === "mouse";
              }}
              onPointerLeave={() => {
                isPointed.current = false;
              }}
            >
              {list.fresh === 0 ? null : (
                <button
                  type="button"
                  class="fresh"
                  onClick={() => {
                    scrollTo(0, 0);
                    setSelected(new Set());
                    void reload();
                  }}
                >
                  {list.fresh}
                  {list.isFreshMore ? "+" : ""} new {list.fresh === 1 ? "task" : "tasks"}
                </button>
              )}
              <Grid<Task>
                label="Tasks"
                class="tasks-grid"
                columns={taskColumns((task) => list.current(task))}
                rows={list.items}
                keyOf={({ id }) => id}
                hrefOf={({ id }) => `/tasks/${id}`}
                nameOf={({ id, name }) => `${name} ${id}`}
                rowClass={(task) => (list.isGone(task) ? "gone" : "")}
                {...(may("operator") ? { selection: { keys: selected, set: setSelected } } : {})}
                onEnd={goOn}
                onView={onView}
                startAt={startAt}
              />
              <ListFoot list={list} />
            </div>
          )
        }
      </Loaded>
      <BulkBar count={ids.length} noun="task" onClear={() => setSelected(new Set())}>
        {canRunNow && list.items.some((task) => selected.has(task.id) && waitsForItsTime(list.current(task))) ? (
          <Button small icon="run" onClick={async () => after(await runSelectedNow(ids))}>
            Run now
          </Button>
        ) : null}
        <Button small icon="retry" onClick={async () => after(await retrySelected(ids))}>
          Run again
        </Button>
        <Button small icon="ban" onClick={async () => after(await revokeSelected(ids, false))}>
          Revoke
        </Button>
        <Button small tone="danger" icon="stop" onClick={async () => after(await revokeSelected(ids, true))}>
          Terminate
        </Button>
      </BulkBar>
      {enqueued === null || !may("operator") ? null : (
        <EnqueueDialog
          title="Enqueue a task"
          draft={{ name: enqueued === "new" ? "" : enqueued }}
          onClose={() => setQuery({ enqueue: undefined })}
          onDone={async (id) => {
            say("Accepted", `/tasks/${id}`);
            await reload();
          }}
        />
      )}
    </Page>
  );
}

const EMPTY_PLACE = `/tasks?${FILTER_NAMES.map((name) => `${name}=`).join("&")}`;

function matchingWords(which: string, q: string): string {
  return q === ""
    ? `Every ${which} task that fits the filter, also those that are not loaded yet.`
    : `Every ${which} task that fits the filter; the text is looked for in the parameters only.`;
}
