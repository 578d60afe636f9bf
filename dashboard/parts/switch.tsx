// On or off, at once: while the change is on its way it rests, and says what went wrong.
import { useState } from "preact/hooks";
import { sayError } from "./toast.tsx";

export interface SwitchProps {
  /** What is on or off. */
  readonly label: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => Promise<unknown>;
  readonly disabled?: boolean;
}

export function Switch({ label, on, onChange, disabled = false }: SwitchProps) {
  const [isBusy, setBusy] = useState(false);
  const change = async () => {
    setBusy(true);
    try {
      await onChange(!on);
    } catch (error) {
      sayError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={on}
      aria-label={label}
      aria-busy={isBusy}
      title={`${label}: ${on ? "on" : "off"}`}
      disabled={disabled || isBusy}
      onClick={() => void change()}
    >
      <i />
    </button>
  );
}
