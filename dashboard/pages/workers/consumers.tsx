// The queues a worker takes from.
import { useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { may } from "../../core/me.ts";
import type { Items, Queue } from "../../core/shapes.ts";
import type { Answers } from "../../core/shapes-system.ts";
import { type Query, useQuery } from "../../core/use-query.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Select } from "../../parts/fields.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { say } from "../../parts/toast.tsx";
import type { ConsumedQueue } from "./answers.ts";

export interface ConsumersProps {
  readonly worker: string;
  readonly queues: Query<Answers<readonly ConsumedQueue[]>>;
  readonly onDone: () => unknown;
}

export function Consumers({ worker, queues, onDone }: ConsumersProps) {
  const all = useQuery<Items<Queue>>("/queues", { everyMs: 0 });
  const [added, setAdded] = useState("");
  const consumed = queues.data?.items[0]?.answer ?? [];
  const others = (all.data?.items ?? [])
    .map(({ name }) => name)
    .filter((name) => !consumed.some((one) => one.name === name));
  const order = async (what: "add_consumer" | "cancel_consumer", queue: string) => {
    await send("POST", `/control/${what}`, { worker, queue });
    say(what === "add_consumer" ? `It takes from ${queue}, too` : `It takes nothing more from ${queue}`);
    await onDone();
  };
  return (
    <Card title="Takes from">
      <Loaded query={queues}>
        {() => (
          <ul class="consumers">
            {consumed.map(({ name, paused }) => (
              <li key={name}>
                <a href={`/queues/${name}`}>{name}</a> {paused ? <Badge tone="warn">Paused</Badge> : null}
                <Button
                  needs="operator"
                  tone="quiet"
                  small
                  icon="close"
                  label={`Take nothing more from ${name}`}
                  onClick={() => order("cancel_consumer", name)}
                />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {others.length === 0 || !may("operator") ? null : (
        <div class="actions">
          <Select
            label="Queue to add"
            inline
            value={added}
            onChange={setAdded}
            options={[["", "Another queue…"], ...others]}
          />
          <Button
            disabled={added === ""}
            icon="plus"
            onClick={() => order("add_consumer", added).then(() => setAdded(""))}
          >
            Take from it
          </Button>
        </div>
      )}
    </Card>
  );
}
