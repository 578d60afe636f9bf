// What can be done about a queue. Purging ends tasks for good, so it says how many before it does, and is left to a queue's own
// page where there is little room.
import { send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import type { Queue } from "../../core/shapes.ts";
import { Button } from "../../parts/button.tsx";
import { confirm } from "../../parts/dialog.tsx";
import { say } from "../../parts/toast.tsx";

export function QueueActions({ queue, onDone }: { queue: Queue; onDone: () => unknown }) {
  const { name, pausedAt, queued } = queue;
  const toggle = async () => {
    await send("POST", `/queues/${name}/${pausedAt === null ? "pause" : "resume"}`);
    say(pausedAt === null ? `${name} is paused: nothing more is taken from it` : `${name} is open again`);
    await onDone();
  };
  const purge = async () => {
    const isSure = await confirm({
      title: `Purge ${name}?`,
      body: `${plural(queued, "waiting task")} will be revoked and never run. What runs, and what is due later, stays.`,
      verb: "Purge",
      isDangerous: true,
    });
    if (!isSure) return;
    const { purged } = await send<{ purged: number }>("POST", `/queues/${name}/purge`);
    say(`${plural(purged, "task")} of ${name} revoked`);
    await onDone();
  };
  return (
    <span class="actions">
      <Button
        small
        needs="operator"
        icon={pausedAt === null ? "pause" : "play"}
        label={`${pausedAt === null ? "Pause" : "Resume"} ${name}`}
        onClick={toggle}
      >
        <span class="wide-only">{pausedAt === null ? "Pause" : "Resume"}</span>
      </Button>
      <span class="wide-only">
        <Button
          small
          needs="operator"
          tone="quiet"
          icon="trash"
          label={`Purge ${name}`}
          disabled={queued === 0}
          onClick={purge}
        />
      </span>
    </span>
  );
}
