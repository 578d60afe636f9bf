// A text with suggestions: one may pick, or write what nobody thought of.
import { useId } from "preact/hooks";
import { Field, type TextFieldProps } from "./fields.tsx";

export interface SuggestFieldProps extends Omit<TextFieldProps, "lines"> {
  readonly suggestions: readonly string[];
}

export function SuggestField({
  label,
  value,
  onInput,
  hint,
  error,
  suggestions,
  mono = false,
  ...rest
}: SuggestFieldProps) {
  const list = useId();
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} error={error}>
      {(id) => (
        <>
          <input
            id={id}
            class={mono ? "mono" : ""}
            list={list}
            value={value}
            autocomplete="off"
            spellcheck={false}
            placeholder={rest.placeholder ?? ""}
            required={rest.required === true}
            aria-invalid={error !== undefined}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          <datalist id={list}>
            {suggestions.map((suggestion) => (
              <option key={suggestion} value={suggestion} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
