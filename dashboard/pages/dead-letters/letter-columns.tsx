// The columns of the list of dead letters.
import type { DeadLetter } from "../../core/shapes.ts";
import { Badge } from "../../parts/badge.tsx";
import type { GridColumn } from "../../parts/grid.tsx";
import { When } from "../../parts/when.tsx";
import { paramsLine } from "../tasks/task-text.ts";

export function letterColumns(isHandled: boolean): readonly GridColumn<DeadLetter>[] {
  return [
    { title: "Task", class: "c-name", cell: (letter) => <Name letter={letter} /> },
    { title: "Error", class: "c-error", cell: ({ error }) => <ErrorText {...error} /> },
    isHandled
      ? { title: "Handled", class: "c-detail", cell: (letter) => <Handled letter={letter} /> }
      : { title: "Parameters", class: "c-detail", cell: ({ params }) => <Params params={params} /> },
    { title: "Queue", class: "c-queue", cell: ({ queue }) => <span title={queue}>{queue}</span> },
    { title: "Died", class: "c-when", cell: ({ createdAt }) => <When at={createdAt} /> },
  ];
}

function Name({ letter: { id, name } }: { letter: DeadLetter }) {
  return (
    <a href={`/dead-letters/${id}`} tabIndex={-1} title={name ?? "bytes that were no task"}>
      {name ?? "no task"}
    </a>
  );
}

function ErrorText({ code, message }: DeadLetter["error"]) {
  return (
    <span title={message}>
      {code === undefined ? null : <code class="muted">{code} </code>}
      <span class="bad-text">{message}</span>
    </span>
  );
}

function Params({ params }: { params: unknown }) {
  const text = paramsLine(params);
  return (
    <span class="mono muted" title={text}>
      {text}
    </span>
  );
}

function Handled({ letter: { requeuedAs, handledBy } }: { letter: DeadLetter }) {
  return (
    <>
      <Badge tone={requeuedAs === null ? "calm" : "good"}>{requeuedAs === null ? "Dismissed" : "Run again"}</Badge>{" "}
      <span class="muted">{handledBy === null ? "" : `by ${handledBy}`}</span>
    </>
  );
}
