// Emptying a whole cache: one has to write its name, so that nobody empties another than they mean.
import { useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { DialogForm } from "../../parts/dialog-form.tsx";
import { TextField } from "../../parts/fields.tsx";
import { say, wordsOf } from "../../parts/toast.tsx";

export interface ClearCacheProps {
  readonly cache: string;
  readonly onDone: () => unknown;
  readonly onClose: () => void;
}

/** What it means where it is more than slowness for a while. */
const MEANS: Readonly<Record<string, string>> = {
  sessions: "Everybody who is signed in, you too, is signed out.",
};

export function ClearCache({ cache, onDone, onClose }: ClearCacheProps) {
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(undefined);
  const isMeant = text.trim() === cache;
  const clear = async () => {
    try {
      const { deleted } = await send<{ deleted: number }>("POST", "/cache/clear", { cache });
      say(`${cache} is empty: ${plural(deleted, "key")} deleted`);
      onClose();
      await onDone();
    } catch (reason) {
      setError(reason);
    }
  };
  return (
    <Dialog title={`Clear ${cache}?`} onClose={onClose}>
      <DialogForm onSubmit={() => isMeant && clear()}>
        <p>
          Every key of <b>{cache}</b> goes, in all versions; other caches stay.{" "}
          {MEANS[cache] ?? "Until it has filled again, what it serves is slower."}
        </p>
        <TextField label={`Write ${cache} to go on`} mono value={text} onInput={setText} />
        {error === undefined ? null : <p class="bad-text">{wordsOf(error)}</p>}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="danger" needs="admin" disabled={!isMeant}>
            Clear {cache}
          </Button>
        </footer>
      </DialogForm>
    </Dialog>
  );
}
