// A value as JSON, to be written by hand: says where it is no JSON, and what was refused of it.
import type { FieldError } from "../core/api.ts";
import { Field } from "./fields.tsx";

export interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  readonly onInput: (text: string) => void;
  /** What was refused, each with its place in the value. */
  readonly errors?: readonly FieldError[];
  readonly hint?: string;
  /** It has the focus when its dialog opens. */
  readonly autofocus?: boolean;
}

const LEAST_LINES = 6;
const MOST_LINES = 18;

export function JsonField({ label, text, onInput, errors = [], hint, autofocus = false }: JsonFieldProps) {
  const parsed = parseJson(text);
  const lines = Math.min(MOST_LINES, Math.max(LEAST_LINES, text.split("\n").length + 1));
  return (
    <Field
      label={label}
      error={"error" in parsed ? `No JSON yet: ${parsed.error}` : undefined}
      {...(hint === undefined ? {} : { hint })}
    >
      {(id) => (
        <>
          <textarea
            id={id}
            class="mono"
            rows={lines}
            spellcheck={false}
            autofocus={autofocus}
            aria-invalid={"error" in parsed || errors.length > 0}
            value={text}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          {errors.length === 0 ? null : (
            <ul class="field-errors" role="alert">
              {errors.map(({ field, message }) => (
                <li key={`${field} ${message}`}>
                  <code>{field}</code> {message}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Field>
  );
}

export type Parsed = { readonly value: unknown } | { readonly error: string };

/** An empty text is an empty object. */
export function parseJson(text: string): Parsed {
  try {
    return { value: text.trim() === "" ? {} : JSON.parse(text) };
  } catch (error) {
    return {
      error: error instanceof Error ? error.message.replace(/ in JSON at position \d+/, "") : "it cannot be read",
    };
  }
}
