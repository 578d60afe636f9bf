// How a worker is: its lease says it, or how long it has not been renewed.
import { now } from "../../core/now.ts";
import type { Worker } from "../../core/shapes.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";

/** As the runtime has it: silent for this long, and its tasks run elsewhere. */
const LEASE_MS = 7_000;

const TONES: Readonly<Record<string, Tone>> = { running: "good", draining: "warn", lost: "bad" };

export function WorkerState({ worker }: { worker: Worker }) {
  const silentMs = now.value - Date.parse(worker.heartbeatAt);
  const state = worker.state !== "lost" && silentMs > LEASE_MS ? "silent" : worker.state;
  return <Badge tone={TONES[state] ?? "warn"}>{state.charAt(0).toUpperCase() + state.slice(1)}</Badge>;
}
