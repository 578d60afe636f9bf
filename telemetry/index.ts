export { lateLog } from "./late-log.ts";
export { type Bindings, type Level, lineWriter, type WriteLine } from "./log-line.ts";
export { secretsOf } from "./secrets.ts";
export { openTracing } from "./tracing.ts";
export type { Tracing } from "./tracing-parts.ts";
