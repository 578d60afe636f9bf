// The columns of the list of tasks. One of them says what matters most just now: why it failed, how far it is, when it is
// due; else what it was asked to do.
import { moment, percent, relative } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { Task } from "../../core/shapes.ts";
import { StateBadge } from "../../parts/badge.tsx";
import type { GridColumn } from "../../parts/grid.tsx";
import { paramsLine, ranLine } from "./task-text.ts";

export function taskColumns(current: (task: Task) => Task): readonly GridColumn<Task>[] {
  return [
    { title: "State", class: "c-state", cell: (task) => <StateBadge state={current(task).state} /> },
    { title: "Task", class: "c-name", cell: (task) => <NameLink task={task} /> },
    { title: "", class: "c-detail", cell: (task) => <Detail task={current(task)} /> },
    { title: "Queue", class: "c-queue", cell: ({ queue }) => <span title={queue}>{queue}</span> },
    { title: "Ran", class: "c-ran", cell: (task) => <Ran task={current(task)} /> },
    { title: "Accepted", class: "c-when", cell: ({ createdAt }) => <Accepted at={createdAt} /> },
  ];
}

function NameLink({ task: { id, name, retryOf } }: { task: Task }) {
  return (
    <a href={`/tasks/${id}`} tabIndex={-1} title={`${name} ${id}`}>
      {name}
      {retryOf === null ? null : <i title="Run again in place of another task"> again</i>}
    </a>
  );
}

/** To the second where it was today: to be compared with logs. */
function Accepted({ at }: { at: string }) {
  const [day = "", time = ""] = moment(at).split(", ");
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return (
    <time dateTime={at} title={`${moment(at)} (${at})`}>
      {isToday ? time : `${day} ${time.slice(0, 5)}`}
    </time>
  );
}

function Ran({ task }: { task: Task }) {
  const isRunning = task.state === "STARTED";
  return <span class={isRunning ? "busy-text" : ""}>{ranLine(task, isRunning ? now.value : 0)}</span>;
}

function Detail({ task }: { task: Task }) {
  const params = paramsLine(task.params);
  const nothing = task.areParamsHidden === true ? "sensitive parameters" : "no parameters";
  const quiet = params === "" ? <span class="muted">{nothing}</span> : <Params text={params} />;
  switch (task.state) {
    case "STARTED":
      return task.progress === null ? quiet : <Progress {...task.progress} />;
    case "FAILURE":
      return (
        <span class="bad-text" title={task.error?.message}>
          {task.error?.message ?? "failed"}
        </span>
      );
    case "RETRY":
      return (
        <>
          <span class="warn-text nowrap">
            attempt {task.attempt} {task.dueAt === null ? "soon" : <Due at={task.dueAt} />}
          </span>
          <Params text={params} />
        </>
      );
    case "SCHEDULED":
      return (
        <>
          <span class="nowrap">{task.dueAt === null ? "held" : <Due at={task.dueAt} />}</span>
          <Params text={params} />
        </>
      );
    case "WAITING":
      return (
        <>
          <span class="nowrap">for its children</span>
          <Params text={params} />
        </>
      );
    case "REVOKED":
      return (
        <>
          <span class="warn-text nowrap">{task.reason === "expired" ? "not started in time" : "by an operator"}</span>
          <Params text={params} />
        </>
      );
    default:
      return quiet;
  }
}

function Params({ text }: { text: string }) {
  return (
    <span class="mono muted" title={text}>
      {text}
    </span>
  );
}

function Due({ at }: { at: string }) {
  return <>{relative(Date.parse(at), now.value)}</>;
}

function Progress({ fraction, message }: { fraction: number; message: string | null }) {
  return (
    <>
      <span class="meter" role="progressbar" aria-valuenow={Math.round(fraction * 100)} aria-label="Progress">
        <i style={{ width: `${fraction * 100}%` }} />
      </span>
      <span class="muted" title={message ?? ""}>
        {percent(Math.round(fraction * 100) / 100)} {message ?? ""}
      </span>
    </>
  );
}
