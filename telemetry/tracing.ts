// Whether this process records traces. The SDK is loaded here and only where traces have somewhere to go: without
// OTEL_EXPORTER_OTLP_ENDPOINT the API's own nothing stays in place, and no module of the SDK is read.
import type { Tracing, TracingParts, TracingSettings } from "./tracing-parts.ts";

const OFF: Tracing = { isOn: false, stop: async () => {} };

export async function openTracing(settings: TracingSettings, parts: TracingParts): Promise<Tracing> {
  if (settings.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return OFF;
  const { startSdk } = await import("./sdk.ts");
  return startSdk(settings, parts);
}
