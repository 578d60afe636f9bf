// What can be done about a schedule besides changing it: run it now, switch it, delete it.
import { send } from "../../core/api.ts";
import { may } from "../../core/me.ts";
import { go } from "../../core/place.ts";
import type { Schedule } from "../../core/shapes.ts";
import { Button } from "../../parts/button.tsx";
import { confirm } from "../../parts/dialog.tsx";
import { Switch } from "../../parts/switch.tsx";
import { say } from "../../parts/toast.tsx";

interface ActionProps {
  readonly schedule: Schedule;
  readonly onDone: () => unknown;
}

export function pathOf(name: string): string {
  return `/schedules/${encodeURIComponent(name)}`;
}

export function RunNow({ schedule: { name }, onDone, small = false }: ActionProps & { small?: boolean }) {
  const run = async () => {
    const { id } = await send<{ id: string }>("POST", `${pathOf(name)}/run`);
    say(`${name} runs now, besides its slots`, `/tasks/${id}`);
    await onDone();
  };
  return small ? (
    <Button small tone="quiet" icon="play" needs="operator" label={`Run ${name} now`} onClick={run} />
  ) : (
    <Button icon="play" needs="operator" onClick={run}>
      Run now
    </Button>
  );
}

export function EnabledSwitch({ schedule: { name, enabled }, onDone }: ActionProps) {
  const change = async (on: boolean) => {
    await send("PATCH", pathOf(name), { enabled: on });
    say(on ? `${name} is on; its next slot counts from now` : `${name} is off: nothing fires until it is on again`);
    await onDone();
  };
  return <Switch label={name} on={enabled} onChange={change} disabled={!may("operator")} />;
}

/** What is defined in code would come back with the next start, so it can only be switched off. */
export function Remove({ schedule: { name, origin } }: { schedule: Schedule }) {
  if (origin === "code") return null;
  const remove = async () => {
    const isSure = await confirm({
      title: `Delete ${name}?`,
      body: "It fires no more. Slots that wait are taken back; runs that have begun go on. Its history stays.",
      verb: "Delete",
      isDangerous: true,
    });
    if (!isSure) return;
    await send("DELETE", pathOf(name));
    say(`${name} is deleted`);
    go("/schedules");
  };
  return (
    <Button tone="danger" icon="trash" needs="operator" onClick={remove}>
      Delete
    </Button>
  );
}
