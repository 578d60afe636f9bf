// Fields of forms and filters, each with its label, and with what was wrong about it.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { ApiError } from "../core/api.ts";
import { Icon } from "./icon.tsx";

export interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly children: (id: string) => ComponentChildren;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
      {error === undefined ? null : <p class="field-error">{error}</p>}
      {hint === undefined ? null : <p class="hint">{hint}</p>}
    </div>
  );
}

/** What a refusal says of a field. */
export function errorOf(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.fields.find(({ field: name }) => name === field || name.startsWith(`${field}.`))?.message;
}

export interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly placeholder?: string;
  readonly lines?: number;
  readonly mono?: boolean;
  readonly required?: boolean;
}

export function TextField({ label, value, onInput, hint, error, lines = 1, mono = false, ...rest }: TextFieldProps) {
  const shared = {
    value,
    class: mono ? "mono" : "",
    spellcheck: !mono,
    placeholder: rest.placeholder ?? "",
    required: rest.required === true,
    "aria-invalid": error !== undefined,
  };
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} error={error}>
      {(id) =>
        lines === 1 ? (
          <input id={id} {...shared} onInput={(event) => onInput(event.currentTarget.value)} />
        ) : (
          <textarea id={id} rows={lines} {...shared} onInput={(event) => onInput(event.currentTarget.value)} />
        )
      }
    </Field>
  );
}

export interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Values with what they are called; a plain text is both. */
  readonly options: readonly (string | readonly [value: string, text: string])[];
  /** In a row of filters the label is for screen readers only. */
  readonly inline?: boolean;
}

export function Select({ label, value, onChange, options, inline = false }: SelectProps) {
  const id = useId();
  const select = (
    <select
      id={id}
      {...(inline ? { "aria-label": label } : {})}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      {options.map((option) => {
        const [own, text] = typeof option === "string" ? [option, option] : option;
        return (
          <option key={own} value={own}>
            {text}
          </option>
        );
      })}
    </select>
  );
  if (inline) return select;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {select}
    </div>
  );
}

export interface SearchProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

export function Search({ label, value, onInput }: SearchProps) {
  return (
    <div class="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}

export function Checkbox(props: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label class="checkbox">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}
