// OpenTelemetry's SDK, put together: who samples, what keeps the context of a flow of control, how a trace travels, where
// it is sent. Spans wait in memory for a moment; what does not fit or cannot be sent is lost, and says so once a minute.
// The exporter reads its own settings (OTEL_EXPORTER_OTLP_ENDPOINT, …_HEADERS and so on).
import { hostname } from "node:os";
import { context, DiagLogLevel, diag, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Tracing, TracingParts, TracingSettings } from "./tracing-parts.ts";

const SEND_EVERY_MS = 1_000;
/** About 1 KB each. */
const MOST_WAITING_SPANS = 8_192;
const LAST_SEND_MS = 3_000;
const SAY_AGAIN_MS = 60_000;
const LONGEST_COMPLAINT = 300;

/** Sets up what the API hands spans to, for the whole process. Once. */
export function startSdk(settings: TracingSettings, { version, log }: TracingParts): Tracing {
  diag.setLogger(complaints(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter(),
    scheduledDelayMillis: SEND_EVERY_MS,
    maxQueueSize: MOST_WAITING_SPANS,
  });
  const resource = resourceFromAttributes({
    "service.name": "apium",
    "service.version": version,
    "service.instance.id": `${hostname()}-${process.pid}`,
  }).merge(detectResources({ detectors: [envDetector] }));
  const provider = new TracerProvider({ resource, sampler: samplerOf(settings), spanProcessors: [processor] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    isOn: true,
    async stop() {
      await within(LAST_SEND_MS, provider.shutdown());
      for (const api of [trace, propagation, context, diag]) api.disable();
    },
  };
}

function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }: TracingSettings): Sampler {
  const root = name.endsWith("always_on")
    ? new AlwaysOnSampler()
    : name.endsWith("always_off")
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(share);
  return name.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}

/** A collector that is away fails each second; once a minute is enough to know. No trace is to blame for it. */
function complaints(log: TracingParts["log"]) {
  let quietUntil = 0;
  const say = (complaint: string) => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + SAY_AGAIN_MS;
    const why = messageIn(complaint).slice(0, LONGEST_COMPLAINT);
    context.with(ROOT_CONTEXT, () => log.warn(`traces are being lost: ${why}`));
  };
  const nothing = () => {};
  return { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing };
}

/** The SDK tells errors as JSON. */
function messageIn(complaint: string): string {
  try {
    return String((JSON.parse(complaint) as { message?: unknown }).message ?? complaint);
  } catch {
    return complaint;
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => {}), late]);
  clearTimeout(timer);
}
