// What can be done about one task, as its state allows.
import { useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { go } from "../../core/place.ts";
import type { Task } from "../../core/shapes.ts";
import { Button } from "../../parts/button.tsx";
import { confirm } from "../../parts/dialog.tsx";
import { say } from "../../parts/toast.tsx";
import { EnqueueDialog } from "../enqueue/enqueue-dialog.tsx";
import { isEnded } from "./use-task.ts";

export function TaskActions({ task, onChanged }: { task: Task; onChanged: () => unknown }) {
  const [isCopying, setCopying] = useState(false);
  const open = (id: string) => {
    say("Accepted");
    go(`/tasks/${id}`);
  };
  return (
    <>
      <Button needs="operator" icon="edit" onClick={() => setCopying(true)}>
        Enqueue a copy
      </Button>
      {isEnded(task) ? (
        <Button needs="operator" icon="retry" tone={task.state === "SUCCESS" ? "plain" : "main"} onClick={again}>
          Run again
        </Button>
      ) : (
        <Button needs="operator" icon="ban" tone="danger" onClick={() => revoke(false)}>
          {task.state === "STARTED" ? "Ask to stop" : "Revoke"}
        </Button>
      )}
      {task.state === "STARTED" ? (
        <Button needs="operator" icon="stop" tone="danger" onClick={() => revoke(true)}>
          Terminate
        </Button>
      ) : null}
      {isCopying ? (
        <EnqueueDialog
          title={`Enqueue a copy of ${task.name}`}
          draft={{ name: task.name, params: task.params, queue: task.queue, priority: task.priority }}
          onClose={() => setCopying(false)}
          onDone={open}
        />
      ) : null}
    </>
  );

  async function again() {
    const { id } = await send<{ id: string }>("POST", `/tasks/${task.id}/retry`);
    open(id);
  }

  async function revoke(terminate: boolean) {
    const isSure = await confirm({
      title: `${terminate ? "Terminate" : task.state === "STARTED" ? "Stop" : "Revoke"} ${task.name}?`,
      body: bodyOf(task, terminate),
      verb: terminate ? "Terminate" : task.state === "STARTED" ? "Ask to stop" : "Revoke",
      isDangerous: true,
    });
    if (!isSure) return;
    const { outcome } = await send<{ outcome: string }>(
      "POST",
      `/tasks/${task.id}/revoke`,
      terminate ? { terminate } : {},
    );
    say(outcome === "revoked" ? "Revoked: it will not run" : "Its worker was told");
    await onChanged();
  }
}

function bodyOf({ state }: Task, terminate: boolean): string {
  if (terminate) return "It is asked to stop, and ended after 10 s if it has not. What it has done by then stays done.";
  if (state === "STARTED") return "Its handler is asked to stop. One that does not listen runs on: then terminate it.";
  if (state === "WAITING") return "It and its children that are not done yet will not go on.";
  return "It will not run. Run it again later if that was wrong.";
}
