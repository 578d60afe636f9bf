// Which trace a task belongs to, read from the header that W3C's Trace Context gives it. Pure: what makes and follows
// traces is in the room `telemetry`.

const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;

/** The trace's id, 32 hexadecimal digits; `null` where there is none. */
export function traceIdOf(headers: Readonly<Record<string, string>> | null | undefined): string | null {
  const traceparent = headers?.traceparent;
  return traceparent === undefined ? null : (TRACEPARENT.exec(traceparent)?.[1] ?? null);
}
