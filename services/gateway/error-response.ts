// What a caller is told when something fails: a code, a message, the fields, the correlation id; never an internal.
// Errors are known by their `code`, for a class does not survive the bus; what is not known becomes INTERNAL, and its
// own words go to the log only.
import type { ServerResponse } from "node:http";
import { ApiumError, codeOf, ERRORS, type ErrorCode, type FieldError } from "../../runtime/index.ts";

const RETRY_AFTER_S = 2;

export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly fields?: readonly FieldError[];
    readonly details?: unknown;
    readonly correlationId: string;
  };
}

/** Moleculer's own errors, by their `type` or `name`. */
const FOREIGN: ReadonlyMap<string, ErrorCode> = new Map([
  ["SERVICE_NOT_FOUND", "SERVICE_UNAVAILABLE"],
  ["SERVICE_NOT_AVAILABLE", "SERVICE_UNAVAILABLE"],
  ["ServiceUnavailableError", "SERVICE_UNAVAILABLE"],
  ["REQUEST_TIMEOUT", "SERVICE_UNAVAILABLE"],
  ["REQUEST_SKIPPED", "SERVICE_UNAVAILABLE"],
  ["REQUEST_REJECTED", "SERVICE_UNAVAILABLE"],
  ["QUEUE_FULL", "SERVICE_UNAVAILABLE"],
  ["NotFoundError", "NOT_FOUND"],
  ["BadRequestError", "REQUEST_MALFORMED"],
]);

/** Details a caller may see: ids and states, which were put there for it. */
const OPEN_DETAILS: readonly string[] = ["UNIQUE_KEY_CONFLICT", "TASK_FAILED", "WAIT_TIMEOUT"];
/** Of what fails on our side only these speak for themselves; the others' messages name hosts and statements. */
const SPEAKING: readonly string[] = ["TASK_FAILED", "WAIT_TIMEOUT"];

/** Turns anything thrown into one of our errors; `undefined` for what must not be shown. */
export function publicError(error: unknown): ApiumError | undefined {
  const code = codeOf(error);
  if (code !== undefined && isErrorCode(code)) return error instanceof ApiumError ? error : revived(code, error);
  const { type, name } = (error ?? {}) as { type?: unknown; name?: unknown };
  const foreign = FOREIGN.get(String(type)) ?? FOREIGN.get(String(name));
  return foreign === undefined ? undefined : new ApiumError(foreign);
}

export function sendError(response: ServerResponse, error: unknown, correlationId: string): ApiumError {
  const shown = publicError(error) ?? new ApiumError("INTERNAL");
  if (response.headersSent) {
    response.destroy();
    return shown;
  }
  const saysItself = shown.status < 500 || SPEAKING.includes(shown.code);
  const body: ErrorBody = {
    error: {
      code: shown.code,
      message: saysItself ? shown.message : ERRORS[shown.code].meaning,
      ...(shown.fields === undefined ? {} : { fields: shown.fields }),
      ...(shown.details !== undefined && OPEN_DETAILS.includes(shown.code) ? { details: open(shown.details) } : {}),
      correlationId,
    },
  };
  if (shown.status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="apium"');
  if (shown.status === 503) response.setHeader("Retry-After", String(RETRY_AFTER_S));
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.statusCode = shown.status;
  response.end(JSON.stringify(body));
  return shown;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** One of our errors that came over the bus: its class is lost, `data` holds what it carried. */
function revived(code: ErrorCode, error: unknown): ApiumError {
  const { message, data } = error as { message?: unknown; data?: { fields?: unknown; details?: unknown } | null };
  const { fields, details } = data ?? {};
  return new ApiumError(code, typeof message === "string" ? message : undefined, {
    ...(Array.isArray(fields) ? { fields: fields as readonly FieldError[] } : {}),
    ...(typeof details === "object" && details !== null ? { details: details as Record<string, unknown> } : {}),
  });
}

/** A failed task's error without its stack and cause. */
function open(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { error } = details;
  if (typeof error !== "object" || error === null) return details;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { ...details, error: { code, message } };
}
