export { EventBatcher } from "./event-batcher.ts";
export {
  activeTraceId,
  atDoor,
  type Carrier,
  inTraceOf,
  OpenSpan,
  parted,
  type SpanAttributes,
  type SpanStart,
  spanned,
} from "./open-span.ts";
export { type AttemptOutcome, AttemptSpan, traceEnqueue } from "./task-spans.ts";
