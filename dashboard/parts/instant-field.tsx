// An instant, entered on the reader's own clock and handed on as ISO 8601; empty where there is none.
import { READERS_ZONE } from "../core/zone.ts";
import { Field } from "./fields.tsx";

export interface InstantFieldProps {
  readonly label: string;
  /** ISO 8601, or "". */
  readonly value: string;
  readonly onInput: (iso: string) => void;
  readonly error?: string | undefined;
  readonly hint?: string;
  readonly required?: boolean;
}

export function InstantField({ label, value, onInput, error, hint, required = false }: InstantFieldProps) {
  return (
    <Field label={label} hint={hint ?? `Your time, ${READERS_ZONE}`} error={error}>
      {(id) => (
        <input
          id={id}
          type="datetime-local"
          step={60}
          required={required}
          aria-invalid={error !== undefined}
          value={localText(value)}
          onInput={(event) => onInput(isoOf(event.currentTarget.value))}
        />
      )}
    </Field>
  );
}

function isoOf(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}

/** As the field wants it: `2026-11-28T14:03`, on the reader's clock. */
export function localText(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
