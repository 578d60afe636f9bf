// The task types: where they run and within which limits; pausing one, and setting other limits for all workers at once.
import { send } from "../../../core/api.ts";
import { plural } from "../../../core/format.ts";
import { may } from "../../../core/me.ts";
import { go, hrefWith, query, setQuery } from "../../../core/place.ts";
import { Badge } from "../../../parts/badge.tsx";
import { Breakable } from "../../../parts/breakable.tsx";
import { Button } from "../../../parts/button.tsx";
import { Card } from "../../../parts/card.tsx";
import { Search } from "../../../parts/fields.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { type Column, Table } from "../../../parts/table.tsx";
import { say } from "../../../parts/toast.tsx";
import { When } from "../../../parts/when.tsx";
import { TypeEditor } from "./type-editor.tsx";
import { type Limits, type TaskType, useTypes } from "./use-types.ts";

const SHOWN = [
  ["", "All"],
  ["changed", "Changed here"],
  ["paused", "Paused"],
] as const;

export function Types() {
  const types = useTypes();
  const text = query.value.get("q") ?? "";
  const shown = query.value.get("show") ?? "";
  const opened = may("operator") ? query.value.get("type") : null;
  const fits = (type: TaskType, which: string) =>
    type.name.includes(text.trim()) &&
    (which !== "changed" || type.set !== null) &&
    (which !== "paused" || type.pausedAt !== null);
  const columns: readonly Column<TaskType>[] = [
    {
      title: "Task type",
      kind: "grow",
      cell: ({ name, queue, workers }) => (
        <span class="settings-name">
          <strong>
            <Breakable name={name} />
          </strong>
          <span class="sub">
            {queue === null ? "" : `in ${queue}`}
            {workers === 0 ? <span class="warn-text"> no worker has it</span> : null}
          </span>
        </span>
      ),
    },
    { title: "Retries", kind: "number", wide: true, cell: ({ retries }) => retries ?? "–" },
    { title: "Soft limit", kind: "number", wide: true, cell: (type) => <Limit type={type} of="softTimeLimit" /> },
    { title: "Hard limit", kind: "number", wide: true, cell: (type) => <Limit type={type} of="timeLimit" /> },
    { title: "Rate", kind: "number", wide: true, cell: (type) => <Limit type={type} of="rateLimit" none="no limit" /> },
    { title: "State", cell: (type) => <TypeState type={type} /> },
    { title: "", kind: "shrink", cell: (type) => <TypeActions type={type} onDone={types.reload} /> },
  ];
  return (
    <>
      <div class="filters">
        <Search label="Search by name" value={text} onInput={(q) => setQuery({ q })} />
        <fieldset class="chips" aria-label="Which are shown">
          {SHOWN.map(([which, words]) => (
            <button
              key={which}
              type="button"
              class="chip"
              aria-pressed={which === shown}
              onClick={() => setQuery({ show: which })}
            >
              {words} {types.data?.filter((type) => fits(type, which)).length ?? ""}
            </button>
          ))}
        </fieldset>
      </div>
      <Card flush>
        <Loaded query={types} lines={10}>
          {(all) => {
            const edited = all.find(({ name }) => name === opened);
            return (
              <>
                <Table
                  label="Task types"
                  columns={columns}
                  rows={all.filter((type) => fits(type, shown))}
                  keyOf={({ name }) => name}
                  empty={text === "" && shown === "" ? "No task types" : "No task type fits"}
                  emptyHint="Types are those that a worker which runs just now has a handler for, and those with a setting."
                />
                {edited === undefined ? null : (
                  <TypeEditor
                    type={edited}
                    onDone={types.reload}
                    onClose={() => go(hrefWith({ type: undefined }), { replace: true })}
                  />
                )}
              </>
            );
          }}
        </Loaded>
      </Card>
      <p class="hint">
        What is set here holds for every worker within a second and survives restarts; runs that have begun keep their
        limits. A soft limit tells the run to end, a hard one ends it.
      </p>
    </>
  );
}

function Limit({ type: { inForce, set }, of, none = "–" }: { type: TaskType; of: keyof Limits; none?: string }) {
  const text = inForce[of];
  const isSet = set !== null && set[of] !== null;
  if (!isSet) return text === null ? <span class="muted">{none}</span> : <span>{text}</span>;
  return (
    <Badge tone="busy" title={`Set by ${set.updatedBy ?? "an operator"}, instead of what its definition says`}>
      {text ?? none}
    </Badge>
  );
}

function TypeState({ type: { pausedAt, pausedBy } }: { type: TaskType }) {
  if (pausedAt === null) return <span class="muted">runs</span>;
  return (
    <>
      <Badge tone="warn" {...(pausedBy === null ? {} : { title: `By ${pausedBy}` })}>
        Paused
      </Badge>
      <span class="sub nowrap">
        <When at={pausedAt} />
      </span>
    </>
  );
}

function TypeActions({ type: { name, pausedAt }, onDone }: { type: TaskType; onDone: () => unknown }) {
  const toggle = async () => {
    if (pausedAt === null) {
      await send("POST", "/control/pause", { task: name });
      say(`${name} is paused: what waits is put aside, what runs goes on`);
    } else {
      const { released } = await send<{ released: number }>("POST", "/control/resume", { task: name });
      say(`${name} runs again; ${plural(released, "task")} let go`);
    }
    await onDone();
  };
  return (
    <span class="actions">
      <Button
        small
        tone="quiet"
        needs="operator"
        icon="edit"
        label={`Limits of ${name}`}
        onClick={() => go(hrefWith({ type: name }))}
      />
      <Button
        small
        tone="quiet"
        needs="operator"
        icon={pausedAt === null ? "pause" : "play"}
        label={pausedAt === null ? `Pause ${name}` : `Resume ${name}`}
        onClick={toggle}
      />
    </span>
  );
}
