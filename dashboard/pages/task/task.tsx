// One task: how it stands and why, its life drawn, what went wrong, what it said, what it was given and what it gave. Made to
// be read at night: the first line tells, the rest proves.
import { useEffect, useRef } from "preact/hooks";
import { now } from "../../core/now.ts";
import { offers } from "../../core/offers.ts";
import type { Task } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { StateBadge } from "../../parts/badge.tsx";
import { Card, Empty } from "../../parts/card.tsx";
import { CopyId } from "../../parts/copy-id.tsx";
import { Json } from "../../parts/json.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { lastListHref } from "../tasks/last-list.ts";
import { AttemptErrors } from "./attempts.tsx";
import { Family } from "./family.tsx";
import { ForgetResult } from "./forget-result.tsx";
import { Logs } from "./logs.tsx";
import type { Explanation } from "./reasons.tsx";
import { storyOf } from "./story.ts";
import { TaskActions } from "./task-actions.tsx";
import { TaskFacts } from "./task-facts.tsx";
import { Timeline } from "./timeline.tsx";
import type { TaskTree } from "./tree.ts";
import { isEnded, useTask } from "./use-task.ts";
import { Verdict } from "./verdict.tsx";

const EXPLAIN_EVERY_MS = 4_000;

export function TaskPage({ id = "" }: Readonly<Record<string, string>>) {
  const query = useTask(id);
  const task = query.data;
  const back = { href: lastListHref(), label: "Tasks" };
  if (query.error?.status === 404 && task === undefined) {
    return (
      <Page title="Task" back={back}>
        <Empty title="There is no such task">
          <code>{id}</code> is not the id of a task, or its history has been pruned.
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title={task?.name ?? "Task"}
      heading={
        task === undefined ? (
          "Task"
        ) : (
          <>
            {task.name} <StateBadge state={task.state} />
          </>
        )
      }
      hint={<CopyId id={id} label="the task's id" />}
      back={back}
      actions={task === undefined ? null : <TaskActions task={task} onChanged={query.reload} />}
    >
      <Loaded query={query} lines={10}>
        {(loaded) => <Shown task={loaded} onChanged={query.reload} />}
      </Loaded>
    </Page>
  );
}

function Shown({ task, onChanged }: { task: Task; onChanged: () => Promise<void> }) {
  const isLive = !isEnded(task);
  const story = storyOf(task, isLive ? now.value : 0);
  const isExplained = task.state !== "SUCCESS" && task.state !== "WAITING";
  const explained = useQuery<Explanation>(isExplained ? `/tasks/${task.id}/explain` : undefined, {
    everyMs: isLive ? EXPLAIN_EVERY_MS : 0,
  });
  const told = useRef(task.state);
  useEffect(() => {
    // What stands in its way changes with its state.
    if (told.current !== task.state) void explained.reload();
    told.current = task.state;
  }, [task.state, explained.reload]);
  const tree = useQuery<TaskTree>(offers("GET /tasks/:id/tree") === true ? `/tasks/${task.id}/tree` : undefined, {
    everyMs: isLive ? EXPLAIN_EVERY_MS : 0,
  });
  const changed = () => Promise.all([onChanged(), explained.reload()]);
  const retriedAs = tree.data === undefined ? task.retriedAs : retriedAsOf(tree.data.root, task.id);
  return (
    <>
      <Verdict task={task} story={story} explained={explained} retriedAs={retriedAs} onChanged={changed} />
      <div class="task-page">
        <div class="task-main">
          <AttemptErrors story={story} isSuccess={task.state === "SUCCESS"} />
          <Card title="Timeline">
            <Timeline task={task} story={story} />
          </Card>
          {offers("GET /tasks/:id/logs") === true && story.runs.length > 0 ? (
            <Logs id={task.id} runs={story.runs} isLive={isLive} />
          ) : null}
          <Family task={task} tree={tree} />
        </div>
        <div class="task-side">
          <Card title="Facts">
            <TaskFacts task={task} story={story} retriedAs={retriedAs} />
          </Card>
          <Card title="Parameters">
            {task.areParamsHidden === true ? (
              <span class="muted">sensitive parameters</span>
            ) : (
              <Json value={task.params} label="the parameters" />
            )}
          </Card>
          <Result task={task} onChanged={onChanged} />
          {task.headers === null || Object.keys(task.headers).length === 0 ? null : (
            <Card title="Headers">
              <Json value={task.headers} label="the headers" />
            </Card>
          )}
        </div>
      </div>
    </>
  );
}

function Result({ task, onChanged }: { task: Task; onChanged: () => unknown }) {
  if (task.hasResult) {
    return (
      <Card title="Result" actions={isEnded(task) ? <ForgetResult task={task} onDone={onChanged} /> : null}>
        <Json value={task.result} label="the result" fileName={`${task.name}-${task.id}-result.json`} />
      </Card>
    );
  }
  if (task.state !== "SUCCESS") return null;
  return (
    <Card title="Result">
      <p class="muted">None: it gave back nothing, or what it gave has expired or was deleted.</p>
    </Card>
  );
}

function retriedAsOf(node: TaskTree["root"], id: string): string | null {
  if (node.id === id) return node.retriedAs;
  for (const child of node.children) {
    const found = retriedAsOf(child, id);
    if (found !== null) return found;
  }
  return null;
}
