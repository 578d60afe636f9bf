// How a worker was when the system answered: its lease says it, or how long it had not been renewed.
import type { Worker } from "../../core/shapes.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";

/** As the runtime has it: silent for this long, and its tasks run elsewhere. */
const LEASE_MS = 7_000;

const TONES: Readonly<Record<string, Tone>> = { running: "good", draining: "warn", lost: "bad" };

/** @param at - when it was so: a heartbeat grows old on a page, and not in the system. */
export function WorkerState({ worker, at }: { worker: Worker; at: number | undefined }) {
  const silentMs = at === undefined ? 0 : at - Date.parse(worker.heartbeatAt);
  const state = worker.state !== "lost" && silentMs > LEASE_MS ? "silent" : worker.state;
  return <Badge tone={TONES[state] ?? "warn"}>{state.charAt(0).toUpperCase() + state.slice(1)}</Badge>;
}
