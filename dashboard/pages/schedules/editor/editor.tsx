// Making a schedule, changing one, or making one like another. What the timing means is shown as one types.
import { useState } from "preact/hooks";
import { send } from "../../../core/api.ts";
import { go } from "../../../core/place.ts";
import type { Schedule } from "../../../core/shapes.ts";
import { READERS_ZONE } from "../../../core/zone.ts";
import { Button } from "../../../parts/button.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { DialogForm } from "../../../parts/dialog-form.tsx";
import { errorOf, TextField } from "../../../parts/fields.tsx";
import { say, wordsOf } from "../../../parts/toast.tsx";
import { pathOf } from "../schedule-actions.tsx";
import { bodyOf, changesOf, type Draft, draftOf, emptyDraft, type FieldsProps } from "./draft.ts";
import { PreviewPanel } from "./preview-panel.tsx";
import { RuleFields } from "./rule-fields.tsx";
import { jsonProblem, TaskFields } from "./task-fields.tsx";
import { TimingFields } from "./timing-fields.tsx";
import { usePreview } from "./use-preview.ts";

export interface EditorProps {
  /** Absent: a new one. */
  readonly edited?: Schedule | undefined;
  /** A new one that is to be like this. */
  readonly like?: Schedule | undefined;
  readonly onDone: () => unknown;
  readonly onClose: () => void;
}

export function Editor({ edited, like, onDone, onClose }: EditorProps) {
  const [before] = useState(() => start(edited, like));
  const [draft, setDraft] = useState(before);
  const [refusal, setRefusal] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const preview = usePreview(draft);
  const set = (changes: Partial<Draft>) => {
    setDraft((own) => ({ ...own, ...changes }));
    setRefusal(undefined);
  };
  const errorAt = (field: string) => errorOf(refusal, field) ?? errorOf(preview.error, field);
  const fields: FieldsProps = { draft, set, errorAt };

  const save = async () => {
    if (jsonProblem(draft.params) !== undefined) return;
    setBusy(true);
    try {
      if (edited === undefined) await send("POST", "/schedules", bodyOf(draft));
      else await send("PATCH", pathOf(edited.name), changesOf(before, draft));
      say(edited === undefined ? `${draft.name.trim()} is made` : `${edited.name} is changed; nothing has fired by it`);
      await onDone();
      if (edited === undefined) go(pathOf(draft.name.trim()));
      else onClose();
    } catch (error) {
      setRefusal(error);
      setBusy(false);
    }
  };
  return (
    <Dialog wide title={edited === undefined ? "New schedule" : `Edit ${edited.name}`} onClose={onClose}>
      <DialogForm class="editor" onSubmit={save}>
        {edited?.origin === "code" ? (
          <p class="notice">
            A service defines this schedule in its code. What you change holds until that definition changes.
          </p>
        ) : null}
        <div class="form">
          {edited === undefined ? (
            <TextField
              label="Name"
              required
              value={draft.name}
              onInput={(name) => set({ name })}
              error={errorAt("name")}
              hint="Letters, digits and _ . : - ; it cannot be changed later"
            />
          ) : null}
          <TextField
            label="Description"
            value={draft.description}
            onInput={(description) => set({ description })}
            error={errorAt("description")}
            {...(edited === undefined ? { hint: "What it is for, for whoever looks at it next year" } : {})}
          />
        </div>
        <div class="editor-timing">
          <div class="editor-fields">
            <TimingFields {...fields} />
          </div>
          <PreviewPanel draft={draft} preview={preview} />
        </div>
        <div class="editor-fields">
          <TaskFields {...fields} />
        </div>
        <details open={hasRules(before, edited)}>
          <summary>Rules: missed slots, overlaps, validity</summary>
          <div class="editor-fields">
            <RuleFields {...fields} />
          </div>
        </details>
        {refusal === undefined ? null : (
          <p class="failed" role="alert">
            {wordsOf(refusal)}
          </p>
        )}
        <footer>
          <span class="hint">
            {edited === undefined ? "" : "A change never fires anything: its next slot counts from now."}
          </span>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="main" disabled={isBusy}>
            {edited === undefined ? "Make it" : "Save"}
          </Button>
        </footer>
      </DialogForm>
    </Dialog>
  );
}

function start(edited: Schedule | undefined, like: Schedule | undefined): Draft {
  if (edited !== undefined) return draftOf(edited);
  return like === undefined ? emptyDraft(READERS_ZONE) : { ...draftOf(like), name: "" };
}

/** Somebody who changes a schedule sees its rules; for a new one the usual ones do. */
function hasRules(draft: Draft, edited: Schedule | undefined): boolean {
  return edited !== undefined && (draft.startAt !== "" || draft.endAt !== "" || draft.expires !== "");
}
