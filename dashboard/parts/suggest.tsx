// A text field that knows what one may mean. What is chosen counts at once; what is typed when one leaves the field or
// presses Enter.
import { useEffect, useId, useState } from "preact/hooks";

export interface SuggestProps {
  /** For screen readers, and as what the empty field says. */
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChange: (value: string) => void;
}

export function Suggest({ label, value, options, onChange }: SuggestProps) {
  const id = useId();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <span class="suggest">
      <input
        list={id}
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget: { value: typed } }) => {
          setText(typed);
          if (typed === "" || options.includes(typed)) onChange(typed);
        }}
        onChange={({ currentTarget }) => onChange(currentTarget.value.trim())}
      />
      <datalist id={id}>
        {options.map((option) => (
          <option key={option} value={option} />
        ))}
      </datalist>
    </span>
  );
}
