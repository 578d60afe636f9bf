// Setting other limits for a task type than its definition has, or going back to those. An empty field is the definition's.
import { useState } from "preact/hooks";
import { send } from "../../../core/api.ts";
import { Button } from "../../../parts/button.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { DialogForm } from "../../../parts/dialog-form.tsx";
import { errorOf, TextField } from "../../../parts/fields.tsx";
import { say, wordsOf } from "../../../parts/toast.tsx";
import { When } from "../../../parts/when.tsx";
import type { Limits, TaskType } from "./use-types.ts";

const DEFAULT = "default";

export interface TypeEditorProps {
  readonly type: TaskType;
  readonly onDone: () => unknown;
  readonly onClose: () => void;
}

export function TypeEditor({ type, onDone, onClose }: TypeEditorProps) {
  const { name, set } = type;
  const [rate, setRate] = useState(set?.rateLimit ?? "");
  const [soft, setSoft] = useState(set?.softTimeLimit ?? "");
  const [hard, setHard] = useState(set?.timeLimit ?? "");
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);

  const save = async (wanted: { rate: string; soft: string; hard: string }) => {
    setBusy(true);
    setError(undefined);
    const or = (text: string) => (text.trim() === "" ? DEFAULT : text.trim());
    try {
      if (wanted.rate.trim() !== (set?.rateLimit ?? "")) {
        await send("POST", "/control/rate_limit", { task: name, rate: or(wanted.rate) });
      }
      if (wanted.soft.trim() !== (set?.softTimeLimit ?? "") || wanted.hard.trim() !== (set?.timeLimit ?? "")) {
        // Together: they are checked against each other.
        await send("POST", "/control/time_limit", { task: name, soft: or(wanted.soft), hard: or(wanted.hard) });
      }
      say(`Limits of ${name} are set, for every worker within a second`);
      await onDone();
      onClose();
    } catch (reason) {
      setError(reason);
      setBusy(false);
      // The first of the two may have been taken.
      await onDone();
    }
  };
  return (
    <Dialog title={name} onClose={onClose}>
      <DialogForm onSubmit={() => save({ rate, soft, hard })}>
        {set === null ? null : (
          <p class="hint">
            Set by {set.updatedBy ?? "an operator"}, <When at={set.updatedAt} />. An empty field is what the definition
            says.
          </p>
        )}
        <TextField
          label="Rate limit"
          mono
          value={rate}
          placeholder={placeholderOf(type, "rateLimit", "none")}
          onInput={setRate}
          error={errorOf(error, "rate")}
          hint="Like 10/s, 100/m, 5/h or 50/d, in the whole system; none: no limit"
        />
        <div class="form">
          <TextField
            label="Soft time limit"
            mono
            value={soft}
            placeholder={placeholderOf(type, "softTimeLimit", "none")}
            onInput={setSoft}
            error={errorOf(error, "soft")}
            hint="Then a run is told to end"
          />
          <TextField
            label="Hard time limit"
            mono
            value={hard}
            placeholder={placeholderOf(type, "timeLimit", "1h")}
            onInput={setHard}
            error={errorOf(error, "hard")}
            hint="Then it is ended"
          />
        </div>
        {error === undefined ? null : (
          <p class="failed" role="alert">
            {wordsOf(error)}
          </p>
        )}
        <footer>
          {set === null ? null : (
            <Button
              needs="operator"
              icon="retry"
              disabled={isBusy}
              onClick={() => save({ rate: "", soft: "", hard: "" })}
            >
              Back to default
            </Button>
          )}
          <span class="grows" />
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="main" needs="operator" disabled={isBusy}>
            Save
          </Button>
        </footer>
      </DialogForm>
    </Dialog>
  );
}

/** What is in force where nothing is set is what the definition says. */
function placeholderOf({ set, inForce }: TaskType, of: keyof Limits, none: string): string {
  if (set !== null && set[of] !== null) return "as defined";
  return `as defined: ${inForce[of] ?? none}`;
}
