// Deleting what carries a tag. How much that is nobody knows before: it is said afterwards.
import { useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { DialogForm } from "../../parts/dialog-form.tsx";
import { errorOf, TextField } from "../../parts/fields.tsx";
import { say, wordsOf } from "../../parts/toast.tsx";
import type { ToolProps } from "./delete-pattern.tsx";

export function InvalidateTags({ where, onDone, onClose }: ToolProps) {
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(undefined);
  const tags = text
    .split(/[\s,]+/)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  const invalidate = async () => {
    setError(undefined);
    try {
      const { deleted } = await send<{ deleted: number }>("POST", "/cache/invalidate-tags", { ...where, tags });
      say(`${plural(deleted, "key")} with ${tags.join(", ")} deleted`);
      onClose();
      await onDone();
    } catch (reason) {
      setError(reason);
    }
  };
  const problem = errorOf(error, "tags");
  return (
    <Dialog title={`Invalidate tags in ${where.cache}`} onClose={onClose}>
      <DialogForm onSubmit={() => tags.length > 0 && invalidate()}>
        <TextField
          label="Tags"
          mono
          value={text}
          placeholder="site-12 tickets"
          onInput={setText}
          error={problem}
          hint="With blanks or commas between them. Every key that carries one of them goes; what is being computed under one is not stored."
        />
        {error === undefined || problem !== undefined ? null : <p class="bad-text">{wordsOf(error)}</p>}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="danger" needs="operator" disabled={tags.length === 0}>
            Invalidate {tags.length > 1 ? `${tags.length} tags` : ""}
          </Button>
        </footer>
      </DialogForm>
    </Dialog>
  );
}
