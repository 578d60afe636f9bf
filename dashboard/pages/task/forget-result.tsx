// Deleting what a task gave back, before it expires by itself: for what should not lie about, or is too large.
import { send } from "../../core/api.ts";
import type { Task } from "../../core/shapes.ts";
import { Button } from "../../parts/button.tsx";
import { confirm } from "../../parts/dialog.tsx";
import { say } from "../../parts/toast.tsx";

export function ForgetResult({ task, onDone }: { task: Task; onDone: () => unknown }) {
  const forget = async () => {
    const isSure = await confirm({
      title: `Forget the result of ${task.name}?`,
      body: "What it gave back is deleted for good. The task itself stays in the history, with its state and its logs.",
      verb: "Forget",
      isDangerous: true,
    });
    if (!isSure) return;
    await send("DELETE", `/tasks/${task.id}/result`);
    say("The result is deleted");
    await onDone();
  };
  return <Button small tone="quiet" icon="trash" needs="operator" label="Forget the result" onClick={forget} />;
}
