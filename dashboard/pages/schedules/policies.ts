// What the policies of a schedule mean, each in a sentence.
import type { Choice } from "../../parts/choices.tsx";

interface Policy<Value extends string> extends Choice<Value> {
  /** As a fact about a schedule. */
  readonly short: string;
}

/** For slots that nobody fired in time: the system was down, or too busy. */
export const MISFIRE: readonly Policy<"skip" | "one" | "all">[] = [
  {
    value: "one",
    label: "Run once for all",
    hint: "One run makes up for everything that was missed. Right for sweeps, which look at all there is anyway.",
    short: "one run for all",
  },
  {
    value: "skip",
    label: "Leave it out",
    hint: "What was missed stays missed; the next slot comes in its time. Right where a late run is of no use.",
    short: "left out",
  },
  {
    value: "all",
    label: "Run each",
    hint: "Every missed slot runs, the latest first up to a bound. Right where each slot stands for a period of its own.",
    short: "each runs",
  },
];

/** For slots that come while the schedule's last run has not ended. */
export const OVERLAP: readonly Policy<"allow" | "skip" | "queue">[] = [
  { value: "allow", label: "Run anyway", hint: "Runs may go on side by side.", short: "runs beside it" },
  {
    value: "skip",
    label: "Leave the slot out",
    hint: "One run at a time; a slot that comes too early is noted as missed.",
    short: "left out",
  },
  {
    value: "queue",
    label: "Run afterwards",
    hint: "One run at a time; the slot waits for the end of the run before it.",
    short: "waits its turn",
  },
];
