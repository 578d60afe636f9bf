// What runs: the task, its parameters, and where it waits.

import type { Items, Queue } from "../../../core/shapes.ts";
import type { TypeDefinition } from "../../../core/shapes-system.ts";
import { useQuery } from "../../../core/use-query.ts";

import { Select, TextField } from "../../../parts/fields.tsx";
import { SuggestField } from "../../../parts/suggest-field.tsx";
import type { FieldsProps } from "./draft.ts";
import { useTaskNames } from "./use-task-names.ts";

const PRIORITIES: readonly (readonly [string, string])[] = [
  ["", "The task's own"],
  ...["9 – first", "8", "7 – high", "6", "5 – normal", "4", "3 – low", "2", "1", "0 – last"].map(
    (text) => [text.charAt(0), text] as const,
  ),
];

export function TaskFields({ draft, set, errorAt }: FieldsProps) {
  const types = useTaskNames();
  const queues = useQuery<Items<Queue>>("/queues", { everyMs: 0 });
  const type = types.find(({ name }) => name === draft.task.trim());
  const names = queues.data?.items.map(({ name }) => name) ?? (draft.queue === "" ? [] : [draft.queue]);
  return (
    <>
      <SuggestField
        label="Task"
        mono
        required
        value={draft.task}
        suggestions={types.map(({ name }) => name)}
        onInput={(task) => set({ task })}
        error={errorAt("task")}
        hint={taskHint(draft.task.trim(), type, types.length > 0)}
      />
      <TextField
        label="Parameters"
        mono
        lines={4}
        value={draft.params}
        onInput={(params) => set({ params })}
        error={errorAt("params") ?? jsonProblem(draft.params)}
        hint="A JSON object, handed to each run"
      />
      <div class="form">
        <Select
          label="Queue"
          value={draft.queue}
          onChange={(queue) => set({ queue })}
          options={[["", type?.queue === undefined ? "The task's own" : `The task's own: ${type.queue}`], ...names]}
        />
        <Select
          label="Priority"
          value={draft.priority}
          onChange={(priority) => set({ priority })}
          options={PRIORITIES}
        />
      </div>
    </>
  );
}

function taskHint(task: string, type: TypeDefinition | undefined, areKnown: boolean) {
  if (type !== undefined) {
    const retries = type.maxRetries === undefined ? "" : `, tried again up to ${type.maxRetries} times`;
    return `Waits in ${type.queue ?? "default"}${retries}`;
  }
  if (task === "" || !areKnown) return "The name of a task type";
  return <span class="warn-text">No worker knows this task now: until one does, its slots are missed.</span>;
}

export function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() === "" ? "{}" : text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "must be a JSON object";
  } catch (error) {
    return error instanceof Error ? error.message : "is not JSON";
  }
}
