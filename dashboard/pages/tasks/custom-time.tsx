// From when to when: in the reader's own time here, as instants in the address.
import { setQuery } from "../../core/place.ts";
import type { TaskFilter } from "./filter.ts";

export function CustomTime({ filter: { from, to } }: { filter: TaskFilter }) {
  return (
    <div class="filters custom-time">
      <TimeField label="Accepted from" value={from} onChange={(instant) => setQuery({ from: instant })} />
      <TimeField label="to" value={to} onChange={(instant) => setQuery({ to: instant })} />
      <span class="hint">in your time zone; an empty field is open</span>
    </div>
  );
}

export interface TimeFieldProps {
  readonly label: string;
  /** An instant, or "". */
  readonly value: string;
  readonly onChange: (instant: string) => void;
}

export function TimeField({ label, value, onChange }: TimeFieldProps) {
  return (
    <label class="time-field">
      {label}
      <input
        type="datetime-local"
        value={localOf(value)}
        onChange={({ currentTarget }) => onChange(instantOf(currentTarget.value))}
      />
    </label>
  );
}

function localOf(instant: string): string {
  const at = Date.parse(instant);
  if (Number.isNaN(at)) return "";
  const offsetMs = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offsetMs).toISOString().slice(0, 16);
}

function instantOf(local: string): string {
  const at = new Date(local).getTime();
  return Number.isNaN(at) ? "" : new Date(at).toISOString();
}
