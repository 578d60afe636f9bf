// One of a few, each with a sentence about what it means; the arrow keys move among them.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: ComponentChildren;
}

export interface ChoicesProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly of: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
  /** Side by side, without room for hints. */
  readonly compact?: boolean;
}

export function Choices<Value extends string>({ label, value, of, onChange, compact = false }: ChoicesProps<Value>) {
  const name = useId();
  return (
    <fieldset class={`choices${compact ? " compact" : ""}`}>
      <legend>{label}</legend>
      <div>
        {of.map((choice) => (
          <label key={choice.value}>
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            <span>
              <b>{choice.label}</b>
              {choice.hint === undefined || compact ? null : <small>{choice.hint}</small>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
