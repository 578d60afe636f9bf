// What the task was given, to be read or mended; mended, it is run again with that.
import { useState } from "preact/hooks";
import { ApiError, send } from "../../core/api.ts";
import { may } from "../../core/me.ts";
import type { DeadLetter } from "../../core/shapes.ts";
import { useTaskTypes } from "../../core/use-task-types.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Json } from "../../parts/json.tsx";
import { JsonField, parseJson } from "../../parts/json-field.tsx";
import { say } from "../../parts/toast.tsx";
import { SchemaHint } from "../enqueue/schema-hint.tsx";
import type { LetterVerdictProps } from "./letter-verdict.tsx";

export function LetterParams({ letter, onChanged }: LetterVerdictProps) {
  const [isEditing, setEditing] = useState(false);
  const canEdit = may("operator") && letter.handledAt === null;
  return (
    <Card
      title="Parameters"
      actions={
        canEdit && !isEditing ? (
          <Button small icon="edit" onClick={() => setEditing(true)}>
            Edit and run again
          </Button>
        ) : null
      }
    >
      {canEdit && isEditing ? (
        <Editor letter={letter} onChanged={onChanged} onCancel={() => setEditing(false)} />
      ) : (
        <Json value={letter.params} label="the parameters" />
      )}
    </Card>
  );
}

interface EditorProps extends LetterVerdictProps {
  readonly letter: DeadLetter;
  readonly onCancel: () => void;
}

function Editor({ letter: { id, name, params }, onChanged, onCancel }: EditorProps) {
  const [text, setText] = useState(JSON.stringify(params, null, 2));
  const [refused, setRefused] = useState<ApiError | undefined>(undefined);
  const type = useTaskTypes()?.find((one) => one.name === name);
  const parsed = parseJson(text);
  const requeue = async () => {
    if ("error" in parsed) return;
    setRefused(undefined);
    try {
      const { id: taskId } = await send<{ id: string }>("POST", `/dead-letters/${id}/requeue`, {
        params: parsed.value,
      });
      say("Accepted again with these parameters", `/tasks/${taskId}`);
      await onChanged();
    } catch (error) {
      if (!(error instanceof ApiError) || error.fields.length === 0) throw error;
      setRefused(error);
    }
  };
  return (
    <div class="letter-editor">
      <JsonField
        label="The new task's parameters"
        text={text}
        onInput={setText}
        autofocus
        errors={refused?.fields.map((one) => ({ ...one, field: one.field.replace(/^params\./, "") })) ?? []}
      />
      <SchemaHint schema={type?.paramsSchema} />
      <div class="actions">
        <Button tone="main" icon="retry" disabled={"error" in parsed} onClick={requeue}>
          Run again with these
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </div>
  );
}
