// What a caller is told when something fails: a code, a message, the fields, the correlation id; never an internal.
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

/** Moleculer's and the body parser's own errors, by their `type` or `name`. */
const FOREIGN: Readonly<Record<string, ErrorCode>> = {
  "entity.parse.failed": "REQUEST_MALFORMED",
  "encoding.unsupported": "REQUEST_MALFORMED",
  "charset.unsupported": "REQUEST_MALFORMED",
  "request.aborted": "REQUEST_MALFORMED",
  "entity.too.large": "REQUEST_TOO_LARGE",
  SERVICE_NOT_FOUND: "SERVICE_UNAVAILABLE",
  SERVICE_NOT_AVAILABLE: "SERVICE_UNAVAILABLE",
  SERVICE_UNAVAILABLE: "SERVICE_UNAVAILABLE",
  ServiceUnavailableError: "SERVICE_UNAVAILABLE",
  REQUEST_TIMEOUT: "SERVICE_UNAVAILABLE",
  REQUEST_REJECTED: "SERVICE_UNAVAILABLE",
  NotFoundError: "NOT_FOUND",
  BadRequestError: "REQUEST_MALFORMED",
};

/** Details a caller may see: ids and states, which the service put there for it. */
const OPEN_DETAILS: readonly string[] = ["UNIQUE_KEY_CONFLICT", "TASK_FAILED", "WAIT_TIMEOUT"];

/** Turns anything thrown into one of our errors; `undefined` for what must not be shown. */
export function publicError(error: unknown): ApiumError | undefined {
  const code = codeOf(error);
  if (code !== undefined && code in ERRORS) {
    if (error instanceof ApiumError) return error;
    // Over the bus a class does not survive, its properties do.
    const { message, fields, details, data } = error as {
      message: string;
      fields?: readonly FieldError[];
      details?: Record<string, unknown>;
      data?: { fields?: readonly FieldError[]; details?: Record<string, unknown> };
    };
    const found = fields ?? data?.fields;
    const more = details ?? data?.details;
    return new ApiumError(code as ErrorCode, message, {
      ...(found === undefined ? {} : { fields: found }),
      ...(more === undefined ? {} : { details: more }),
    });
  }
  const { type, name } = (error ?? {}) as { type?: string; name?: string };
  const foreign = FOREIGN[type ?? ""] ?? FOREIGN[name ?? ""];
  return foreign === undefined ? undefined : new ApiumError(foreign);
}

export function sendError(response: ServerResponse, error: unknown, correlationId: string): ApiumError {
  const shown = publicError(error) ?? new ApiumError("INTERNAL");
  if (response.headersSent) {
    response.destroy();
    return shown;
  }
  const body: ErrorBody = {
    error: {
      code: shown.code,
      message: shown.message,
      ...(shown.fields === undefined ? {} : { fields: shown.fields }),
      ...(shown.details !== undefined && OPEN_DETAILS.includes(shown.code) ? { details: shown.details } : {}),
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
