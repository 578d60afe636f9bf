// Ending a worker in three ways; and a profile of what it does, for who may read code.
import { send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import type { Answers } from "../../core/shapes-system.ts";
import { Button } from "../../parts/button.tsx";
import { confirm } from "../../parts/dialog.tsx";
import { say } from "../../parts/toast.tsx";

const PROFILE_S = 5;

const MODES = {
  warm: "It takes nothing more, finishes what it runs however long that takes, and leaves.",
  soft: "It takes nothing more, gives what it runs ten seconds, hands the rest back, and leaves.",
  cold: "It hands back what it runs at once, and leaves. Others run it again.",
} as const;

export function ShutdownActions({
  worker,
  running,
  onDone,
}: {
  worker: string;
  running: number;
  onDone: () => unknown;
}) {
  const shutdown = async (mode: keyof typeof MODES) => {
    const isSure = await confirm({
      title: `Shut ${worker} down (${mode})?`,
      body: (
        <>
          <p>{MODES[mode]}</p>
          <p class="hint">It runs {plural(running, "task")} just now. Its supervisor may start it anew.</p>
        </>
      ),
      verb: "Shut down",
      isDangerous: true,
    });
    if (!isSure) return;
    await send("POST", "/control/shutdown", { worker, mode });
    say(`${worker} is shutting down`);
    await onDone();
  };
  const profile = async () => {
    const { items } = await send<Answers<{ file: string }>>("POST", "/control/profile", {
      worker,
      seconds: PROFILE_S,
    });
    const [first] = items;
    say(
      first?.answer === undefined
        ? `No profile: ${first?.error?.message ?? "no answer"}`
        : `Profile kept on its machine: ${first.answer.file}`,
    );
  };
  return (
    <>
      <Button needs="admin" icon="activity" onClick={profile}>
        Profile {PROFILE_S} s
      </Button>
      <Button needs="operator" icon="power" onClick={() => shutdown("warm")}>
        Shut down
      </Button>
      <Button needs="operator" tone="quiet" onClick={() => shutdown("soft")}>
        Soft
      </Button>
      <Button needs="operator" tone="danger" onClick={() => shutdown("cold")}>
        Cold
      </Button>
    </>
  );
}
