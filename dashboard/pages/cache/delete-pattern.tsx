// Deleting the keys that fit a glob: first how many that are.
import { useEffect, useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { plural, whole } from "../../core/format.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorOf, TextField } from "../../parts/fields.tsx";
import { say, wordsOf } from "../../parts/toast.tsx";
import { readKeys, type Where } from "./use-keys.ts";

const AFTER_TYPING_MS = 400;
const MOST_NAMED = 8;

export interface ToolProps {
  readonly where: Where;
  readonly onDone: () => unknown;
  readonly onClose: () => void;
}

export function DeletePattern({ where, pattern: given, onDone, onClose }: ToolProps & { pattern: string }) {
  const [pattern, setPattern] = useState(given);
  const [fitting, setFitting] = useState<{ keys: readonly string[]; isAll: boolean } | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const { cache, version } = where;

  useEffect(() => {
    setFitting(undefined);
    setError(undefined);
    if (pattern === "") return undefined;
    const asked = new AbortController();
    const count = setTimeout(() => {
      readKeys({ cache, version }, pattern, undefined, asked.signal).then(
        ({ keys, cursor }) => setFitting({ keys: [...new Set(keys)], isAll: cursor === undefined }),
        (reason: unknown) => asked.signal.aborted || setError(reason),
      );
    }, AFTER_TYPING_MS);
    return () => {
      clearTimeout(count);
      asked.abort();
    };
  }, [pattern, cache, version]);

  const remove = async () => {
    try {
      const { deleted } = await send<{ deleted: number }>("POST", "/cache/delete-pattern", { ...where, pattern });
      say(`${plural(deleted, "key")} of ${cache} deleted`);
      onClose();
      await onDone();
    } catch (reason) {
      setError(reason);
    }
  };
  const count = fitting?.keys.length ?? 0;
  const counted = `${fitting?.isAll === false ? "at least " : ""}${plural(count, "key")}`;
  return (
    <Dialog title={`Delete keys of ${cache}`} onClose={onClose}>
      <TextField
        label="Glob"
        mono
        value={pattern}
        onInput={setPattern}
        error={errorOf(error, "pattern")}
        hint="* any text, ? one character, [ab] one of these; \ before one of them means itself"
      />
      <div class="fitting" role="status">
        {error !== undefined ? (
          <p class="bad-text">{wordsOf(error)}</p>
        ) : pattern === "" ? (
          <p class="muted">Write which keys are to go.</p>
        ) : fitting === undefined ? (
          <p class="muted">Counting…</p>
        ) : count === 0 ? (
          <p>No key fits.</p>
        ) : (
          <>
            <p>
              <b>{counted.charAt(0).toUpperCase() + counted.slice(1)}</b> fit. What is asked for again is computed anew.
            </p>
            <ul class="mono">
              {fitting.keys.slice(0, MOST_NAMED).map((key) => (
                <li key={key}>{key}</li>
              ))}
              {count > MOST_NAMED ? <li class="muted">and {whole(count - MOST_NAMED)} more</li> : null}
            </ul>
          </>
        )}
      </div>
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button tone="danger" needs="operator" disabled={count === 0} onClick={remove}>
          {count === 0 ? "Delete" : `Delete ${counted}`}
        </Button>
      </footer>
    </Dialog>
  );
}
