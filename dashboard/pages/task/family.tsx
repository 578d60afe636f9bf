// Whose child a task is and which children it has, as a tree with the task itself marked.
import { plural } from "../../core/format.ts";
import { offers } from "../../core/offers.ts";
import type { Task } from "../../core/shapes.ts";
import type { Query } from "../../core/use-query.ts";
import { Card } from "../../parts/card.tsx";
import { Branch } from "./branch.tsx";
import type { TaskNode, TaskTree } from "./tree.ts";

export function Family({ task, tree }: { task: Task; tree: Query<TaskTree> }) {
  const { root, count, truncated } = tree.data ?? treeOf(task);
  if (count <= 1) return null;
  const way = wayTo(root, task.id);
  return (
    <Card
      title="Family"
      actions={
        <>
          <span class="hint">
            {plural(count, "task")}
            {truncated ? " shown; there are more" : ""}
          </span>
          {offers("GET /tasks", "parentId") === true && root.children.length > 0 ? (
            <a href={`/tasks?parentId=${task.children?.length ? task.id : root.id}`}>Show as a list</a>
          ) : null}
        </>
      }
    >
      <ul class="family" aria-label="Parents and children">
        <Branch node={root} own={task.id} way={way} />
      </ul>
    </Card>
  );
}

/** What the task itself tells, where the system does not tell its tree. */
function treeOf({ id, name, state, children = [], ...task }: Task): TaskTree {
  const nothing = { startedAt: null, finishedAt: null, retryOf: null, retriedAs: null };
  const root: TaskNode = {
    ...{ id, name, state, childIndex: null, retriedAs: null, retryOf: task.retryOf },
    ...{ startedAt: task.startedAt, finishedAt: task.finishedAt },
    children: children.map((child) => ({
      ...{ ...nothing, id: child.id, name: "", childIndex: child.index, children: [] },
      state: child.state ?? "WAITING",
    })),
  };
  return { root, count: children.length + 1, truncated: false };
}

/** From the root to a task: these are open. */
function wayTo(node: TaskNode, id: string): ReadonlySet<string> {
  if (node.id === id) return new Set([id]);
  for (const child of node.children) {
    const way = wayTo(child, id);
    if (way.size > 0) return new Set([node.id, ...way]);
  }
  return new Set();
}
