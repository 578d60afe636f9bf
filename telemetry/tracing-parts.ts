// What tracing needs, and what it is once it is open.
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
