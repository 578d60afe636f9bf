// Enqueueing by hand: a task of any kind, or a copy of one with its parameters edited. What is refused is said at its field.
import { useId, useState } from "preact/hooks";
import { ApiError, send } from "../../core/api.ts";
import { exampleOf } from "../../core/json-schema.ts";
import type { Items, Queue } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { useTaskTypes } from "../../core/use-task-types.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorOf, Field, Select, TextField } from "../../parts/fields.tsx";
import { JsonField, parseJson } from "../../parts/json-field.tsx";
import { wordsOf } from "../../parts/toast.tsx";
import { SchemaHint } from "./schema-hint.tsx";

export interface Draft {
  readonly name: string;
  readonly params?: unknown;
  /** "" : the task's own. */
  readonly queue?: string;
  readonly priority?: number;
}

export interface EnqueueDialogProps {
  readonly title: string;
  readonly draft: Draft;
  readonly onClose: () => void;
  readonly onDone: (id: string) => unknown;
}

const PRIORITIES = ["9 – first", "8", "7", "6", "5 – usual", "4", "3", "2", "1", "0 – last"].map(
  (text) => [text.charAt(0), text] as const,
);
/** Fields of a refusal that stand elsewhere than with the parameters. */
const PLACED = ["name", "queue", "options"];

export function EnqueueDialog({ title, draft, onClose, onDone }: EnqueueDialogProps) {
  const types = useTaskTypes() ?? [];
  const queues = useQuery<Items<Queue>>("/queues", { everyMs: 0 });
  const listId = useId();
  const [name, setName] = useState(draft.name);
  const [text, setText] = useState(draft.params === undefined ? undefined : JSON.stringify(draft.params, null, 2));
  const [options, setOptions] = useState({
    ...{ queue: draft.queue ?? "", priority: draft.priority === undefined ? "" : String(draft.priority) },
    ...{ countdown: "", uniqueKey: "", maxRetries: "" },
  });
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const type = types.find((one) => one.name === name);
  // Until somebody has written something the example is that of the chosen task.
  const shown = text ?? (type?.paramsSchema ? JSON.stringify(exampleOf(type.paramsSchema), null, 2) : "{}");
  const parsed = parseJson(shown);
  const set = (changes: Partial<typeof options>) => setOptions({ ...options, ...changes });

  const enqueue = async () => {
    if ("error" in parsed || isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      const { id } = await send<{ id: string }>("POST", "/tasks", {
        name,
        params: parsed.value,
        options: given(options),
      });
      onClose();
      await onDone(id);
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };
  const fields = error instanceof ApiError ? error.fields : [];
  const ofParams = fields.filter(({ field }) => !PLACED.some((one) => field === one || field.startsWith(`${one}.`)));
  return (
    <Dialog title={title} wide onClose={onClose}>
      <form
        class="form enqueue"
        onSubmit={(event) => {
          event.preventDefault();
          void enqueue();
        }}
      >
        <div class="whole">
          <Field label="Task" error={errorOf(error, "name")} hint={queueHint(type)}>
            {(id) => (
              <>
                <input
                  id={id}
                  class="mono"
                  list={listId}
                  autofocus={draft.name === ""}
                  value={name}
                  required
                  autocomplete="off"
                  spellcheck={false}
                  placeholder="send_ticket_email"
                  onInput={({ currentTarget }) => setName(currentTarget.value.trim())}
                />
                <datalist id={listId}>
                  {types.map((one) => (
                    <option key={one.name} value={one.name} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        </div>
        <div class="whole">
          <JsonField
            label="Parameters"
            text={shown}
            onInput={setText}
            autofocus={draft.name !== ""}
            errors={ofParams.map((one) => ({ ...one, field: one.field.replace(/^params\./, "") }))}
          />
          <SchemaHint schema={type?.paramsSchema} />
        </div>
        <Select
          label="Queue"
          value={options.queue}
          onChange={(queue) => set({ queue })}
          options={[
            ["", `The task's own${type?.queue ? `: ${type.queue}` : ""}`],
            ...(queues.data?.items ?? []).map(nameOf),
          ]}
        />
        <Select
          label="Priority"
          value={options.priority}
          onChange={(priority) => set({ priority })}
          options={[["", "The task's own"], ...PRIORITIES]}
        />
        <TextField
          label="Start in"
          value={options.countdown}
          onInput={(countdown) => set({ countdown })}
          placeholder="now; or 30s, 5m, 2h"
          error={errorOf(error, "options.countdown")}
        />
        <TextField
          label="Retries at most"
          value={options.maxRetries}
          onInput={(maxRetries) => set({ maxRetries })}
          placeholder={type?.maxRetries === undefined ? "the task's own" : `the task's own: ${type.maxRetries}`}
          error={errorOf(error, "options.maxRetries")}
        />
        <div class="whole">
          <TextField
            label="Unique key"
            value={options.uniqueKey}
            onInput={(uniqueKey) => set({ uniqueKey })}
            placeholder="none"
            hint="While an unfinished task holds the same key, no second one is made: you get that one."
            error={errorOf(error, "options.uniqueKey")}
          />
        </div>
        {error === undefined || fields.length > 0 ? null : (
          <p class="whole failed" role="alert">
            {wordsOf(error)}
          </p>
        )}
        <footer class="whole">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="main" icon="run" disabled={name === "" || "error" in parsed || isBusy}>
            Enqueue
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function queueHint(
  type: { readonly queue?: string | null; readonly maxRetries?: number | undefined } | undefined,
): string {
  if (type === undefined) return "The kind of task, as the code names it.";
  return `Waits in ${type.queue ?? "default"}${type.maxRetries === undefined ? "" : `, retried ${type.maxRetries} times at most`}.`;
}

function nameOf({ name }: Queue): string {
  return name;
}

function given({ priority, maxRetries, ...texts }: Readonly<Record<string, string>>): object {
  const numbers = { priority, maxRetries };
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== "")),
    ...Object.fromEntries(
      Object.entries(numbers).flatMap(([key, value]) => (value ? [[key, Number(value)] as const] : [])),
    ),
  };
}
