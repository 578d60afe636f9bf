// Which of the slots in line run now, while the schedule's last run is unfinished or not. Pure.
import type { OverlapPolicy } from "./definition.ts";

export interface DueSlot {
  readonly slot: number;
  readonly isLate: boolean;
}

export interface Turn {
  readonly start: readonly DueSlot[];
  /** Their turn comes when the run before them has ended. */
  readonly wait: readonly DueSlot[];
  readonly leaveOut: readonly DueSlot[];
  /** Why those are left out. */
  readonly why: string;
}

/** `line`: slots that wait already and those that are due, oldest first; `most`: how many may wait. */
export function turnOf(policy: OverlapPolicy, isBusy: boolean, line: readonly DueSlot[], most: number): Turn {
  switch (policy) {
    case "allow":
      return { start: line, wait: [], leaveOut: [], why: "" };
    case "skip": {
      // One run at a time: of several slots the latest stands for all.
      const start = isBusy ? [] : line.slice(-1);
      const why = isBusy ? "its last run has not ended" : "a later slot stands for it";
      return { start, wait: [], leaveOut: line.slice(0, line.length - start.length), why };
    }
    case "queue": {
      const start = isBusy ? [] : line.slice(0, 1);
      const rest = line.slice(start.length);
      const why = `${most} slots are waiting already`;
      return { start, wait: rest.slice(0, most), leaveOut: rest.slice(most), why };
    }
  }
}
