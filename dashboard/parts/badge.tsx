// A state in a word and a colour; the word alone suffices.
import type { ComponentChildren } from "preact";

export type Tone = "good" | "bad" | "warn" | "busy" | "wait" | "calm" | "split" | "gone";

const TONES: Readonly<Record<string, Tone>> = {
  SUCCESS: "good",
  FAILURE: "bad",
  RETRY: "warn",
  STARTED: "busy",
  QUEUED: "wait",
  SCHEDULED: "calm",
  WAITING: "split",
  REVOKED: "gone",
};

export function Badge({
  tone = "calm",
  children,
  title,
}: {
  tone?: Tone;
  children: ComponentChildren;
  title?: string;
}) {
  return (
    <span class={`badge ${tone}`} {...(title === undefined ? {} : { title })}>
      {children}
    </span>
  );
}

/** Of a task. */
export function StateBadge({ state }: { state: string }) {
  return <Badge tone={toneOf(state)}>{state.charAt(0) + state.slice(1).toLowerCase()}</Badge>;
}

export function toneOf(state: string): Tone {
  return TONES[state] ?? "calm";
}
