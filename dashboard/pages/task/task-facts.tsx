// What there is to know of a task besides its story: where it belongs, what it is related to, how it is found elsewhere.
import type { ComponentChildren } from "preact";
import { span } from "../../core/format.ts";
import { offers } from "../../core/offers.ts";
import type { Task } from "../../core/shapes.ts";
import { Facts } from "../../parts/card.tsx";
import { CopyId } from "../../parts/copy-id.tsx";
import { When } from "../../parts/when.tsx";
import type { Story } from "./story.ts";

export interface TaskFactsProps {
  readonly task: Task;
  readonly story: Story;
  readonly retriedAs: string | null | undefined;
}

export function TaskFacts({ task, story, retriedAs }: TaskFactsProps) {
  const { headers, worker, parentId, retryOf, expiresAt, crashes, traceId } = task;
  const schedule = headers?.schedule;
  const correlation = headers?.["correlation-id"];
  return (
    <Facts
      of={[
        ["Queue", <a href={`/queues/${task.queue}`}>{task.queue}</a>],
        ["Priority", `${task.priority} (${laneOf(task.priority)})`],
        ["Waited", span(story.waitedMs)],
        ["Ran", story.runs.every(({ outcome }) => outcome === "split") ? "–" : span(story.ranMs)],
        ["In all", span(story.totalMs)],
        ["Attempts", String(story.runs.length)],
        ["Worker", given(worker, (id) => <a href={`/workers/${id}`}>{id}</a>)],
        ["Workers lost under it", crashes > 0 ? String(crashes) : undefined],
        ["Expires", given(expiresAt, (at) => <When at={at} />)],
        ["Schedule", given(schedule, (name) => <a href={`/schedules/${encodeURIComponent(name)}`}>{name}</a>)],
        ["Parent", given(parentId, (id) => <TaskLink id={id} />)],
        ["In place of", given(retryOf, (id) => <TaskLink id={id} />)],
        ["Run again as", given(retriedAs, (id) => <TaskLink id={id} />)],
        ["Tenant", given(headers?.tenant, (tenant) => <HeaderLink name="tenant" value={tenant} />)],
        ["Correlation id", given(correlation, (id) => <HeaderLink name="correlation-id" value={id} />)],
        ["Trace", given(traceId, (id) => <CopyId id={id} label="the trace's id" />)],
      ]}
    />
  );
}

function given(value: string | null | undefined, show: (value: string) => ComponentChildren): ComponentChildren {
  return value === null || value === undefined || value === "" ? undefined : show(value);
}

function TaskLink({ id }: { id: string }) {
  return (
    <a href={`/tasks/${id}`} title={id}>
      <code>…{id.slice(-12)}</code>
    </a>
  );
}

/** To the tasks that carry the same. */
function HeaderLink({ name, value }: { name: string; value: string }) {
  if (offers("GET /tasks", "header") !== true) return <code>{value}</code>;
  return (
    <a href={`/tasks?header=${encodeURIComponent(`${name}:${value}`)}`} title="All tasks with the same">
      <code>{value}</code>
    </a>
  );
}

function laneOf(priority: number): string {
  if (priority >= 7) return "high";
  return priority >= 4 ? "normal" : "low";
}
