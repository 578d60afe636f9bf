// A worker's slots: more, fewer, or as the work needs it. It lasts until the process starts anew.
import { useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { may } from "../../core/me.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { confirm } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/fields.tsx";
import { say } from "../../parts/toast.tsx";
import type { WorkerStats } from "./answers.ts";

export interface PoolProps {
  readonly worker: string;
  readonly stats: WorkerStats | undefined;
  readonly onDone: () => unknown;
}

export function Pool({ worker, stats, onDone }: PoolProps) {
  const [min, setMin] = useState("");
  const [max, setMax] = useState("");
  const size = stats?.pool.size;
  const order = async (what: string, body: object, done: string) => {
    await send("POST", `/control/${what}`, { worker, ...body });
    say(done);
    await onDone();
  };
  const renew = async () => {
    const isSure = await confirm({
      title: `New threads and processes for ${worker}?`,
      body: "Handlers that run apart get new ones: for one that holds too much memory, or hangs between runs. What runs ends first, and nothing is lost. Handlers in the worker's own process are renewed only with it.",
      verb: "Start them anew",
    });
    if (isSure) await order("pool_restart", {}, "Its threads and processes are started anew");
  };
  const scaling = stats?.autoscale ?? null;
  return (
    <Card title="Slots">
      <p class="hint">How many tasks it runs at once. What is set here lasts until the process starts anew.</p>
      <div class="pool">
        <Button
          needs="operator"
          label="One slot less"
          onClick={() => order("pool_shrink", { n: 1 }, "One slot less")}
          disabled={size === 1}
        >
          −
        </Button>
        <strong class="pool-size">{size ?? "–"}</strong>
        <Button needs="operator" label="One slot more" onClick={() => order("pool_grow", { n: 1 }, "One slot more")}>
          +
        </Button>
        <Button needs="operator" onClick={() => order("pool_grow", { n: 10 }, "Ten slots more")}>
          +10
        </Button>
        <Button needs="operator" tone="quiet" icon="refresh" label="New threads and processes" onClick={renew} />
      </div>
      {may("operator") ? (
        <div class="form">
          <TextField label="At least" value={min} onInput={setMin} placeholder={String(scaling?.min ?? 1)} />
          <TextField label="At most" value={max} onInput={setMax} placeholder={String(scaling?.max ?? size ?? 10)} />
          <div class="actions whole">
            <Button
              disabled={!/^\d+$/.test(min) || !/^\d+$/.test(max)}
              onClick={() =>
                order("autoscale", { min: Number(min), max: Number(max) }, `It sizes itself between ${min} and ${max}`)
              }
            >
              Size by itself
            </Button>
            {scaling === null ? null : (
              <Button onClick={() => order("autoscale", { off: true }, "Its size is fixed again")}>
                Stop (now {scaling.min} to {scaling.max})
              </Button>
            )}
          </div>
        </div>
      ) : null}
    </Card>
  );
}
