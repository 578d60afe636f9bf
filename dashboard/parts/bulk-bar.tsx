// What can be done with what is selected: a bar at the window's foot, for as long as something is.
import type { ComponentChildren } from "preact";
import { plural } from "../core/format.ts";
import { Button } from "./button.tsx";

export interface BulkBarProps {
  readonly count: number;
  readonly noun: string;
  readonly onClear: () => void;
  readonly children: ComponentChildren;
}

export function BulkBar({ count, noun, onClear, children }: BulkBarProps) {
  if (count === 0) return null;
  return (
    <div class="bulk-bar" role="toolbar" aria-label="With what is selected">
      <strong>{plural(count, noun)} selected</strong>
      <span class="actions">{children}</span>
      <Button tone="quiet" icon="close" label="Select nothing" onClick={onClear} />
    </div>
  );
}
