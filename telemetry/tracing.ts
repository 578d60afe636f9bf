// Whether this process records traces. The SDK is loaded here and only where traces have somewhere to go: without
// OTEL_EXPORTER_OTLP_ENDPOINT the API's own nothing stays in place, and no module of the SDK is read.
import type { Log } from "../runtime/index.ts";
import type { Settings } from "../settings.ts";

export interface Tracing {
  readonly isOn: boolean;
  /** Sends what has not been sent, at most for some seconds. Never rejects. */
  stop(): Promise<void>;
}

export type TracingSettings = Pick<
  Settings,
  "OTEL_EXPORTER_OTLP_ENDPOINT" | "OTEL_TRACES_SAMPLER" | "OTEL_TRACES_SAMPLER_ARG"
>;

export interface TracingParts {
  readonly version: string;
  readonly log: Pick<Log, "warn">;
}

const OFF: Tracing = { isOn: false, stop: async () => {} };

export async function openTracing(settings: TracingSettings, parts: TracingParts): Promise<Tracing> {
  if (settings.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return OFF;
  const { startSdk } = await import("./sdk.ts");
  return startSdk(settings, parts);
}
