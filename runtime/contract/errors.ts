// The error that Apium throws on purpose, and what can be read off anything that was thrown.
import { ERRORS, type ErrorCode, type ErrorEntry } from "./error-catalogue.ts";

/** A refused field: a path such as `params.ticketId` and what is wrong with it. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface ApiumErrorOptions {
  readonly cause?: unknown;
  readonly fields?: readonly FieldError[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Every error Apium throws on purpose. Match on `code`: classes do not survive the bus. */
export class ApiumError extends Error {
  override readonly name = "ApiumError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly fields: readonly FieldError[] | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message?: string, options: ApiumErrorOptions = {}) {
    const entry: ErrorEntry = ERRORS[code];
    super(message ?? entry.meaning, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = entry.status;
    this.retryable = entry.retryable;
    this.fields = options.fields;
    this.details = options.details;
  }

  /** What Moleculer carries over the bus besides code and message. */
  get data(): object {
    return { fields: this.fields, details: this.details };
  }
}

/** The code an unknown thrown value carries, or `undefined`. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What a value that was thrown says, whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  try {
    return String(error);
  } catch {
    return "something that cannot be shown as text was thrown";
  }
}
