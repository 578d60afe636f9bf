// Errors as plain data, so that they cross a thread or process border and mean the same to the retry policy: `Retry`,
// `Reject` and `ApiumError` arrive as themselves, every other error under the names of all its classes (policies name
// classes), with its code, stack, `retryAfter` and one cause. Never throws, whatever was thrown.
import { ERRORS, type ErrorCode } from "../../contract/error-catalogue.ts";
import { ApiumError, type ApiumErrorOptions, codeOf, messageOf } from "../../contract/errors.ts";
import { Reject, Retry } from "../../contract/retry-policy.ts";
import type { AbortReason } from "./isolation.ts";

const MAX_TEXT_LENGTH = 16_000;
const MAX_CLASSES = 10;

export interface PortableError {
  readonly kind: "retry" | "reject" | "apium" | "other";
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  /** Class names from the error's own up to, but without, Error. */
  readonly classes: readonly string[];
  readonly retryAfter: string | number | undefined;
  /** The delay a `Retry` asks for. */
  readonly in: string | number | undefined;
  readonly fields: ApiumErrorOptions["fields"];
  readonly details: ApiumErrorOptions["details"];
  readonly cause: { readonly name: string; readonly message: string; readonly code: string | undefined } | undefined;
}

export function toPortable(thrown: unknown): PortableError {
  try {
    return describe(thrown);
  } catch (cause) {
    return describe(new Error(`what the handler threw cannot be described: ${messageOf(cause)}`));
  }
}

function describe(thrown: unknown): PortableError {
  const error = thrown instanceof Error ? thrown : undefined;
  const apium = thrown instanceof ApiumError ? thrown : undefined;
  const cause = error?.cause;
  const retryAfter = typeof thrown === "object" && thrown !== null && "retryAfter" in thrown ? thrown.retryAfter : null;
  return {
    kind: apium ? "apium" : thrown instanceof Retry ? "retry" : thrown instanceof Reject ? "reject" : "other",
    name: error === undefined ? typeof thrown : text(error.name),
    message: text(messageOf(thrown)),
    stack: error?.stack === undefined ? undefined : text(error.stack),
    code: codeOf(thrown),
    classes: error === undefined ? [] : classesOf(error),
    retryAfter: typeof retryAfter === "string" || typeof retryAfter === "number" ? retryAfter : undefined,
    in: thrown instanceof Retry ? thrown.in : undefined,
    fields: apium?.fields && JSON.parse(JSON.stringify(apium.fields)),
    details: apium?.details && JSON.parse(JSON.stringify(apium.details)),
    cause:
      cause === undefined
        ? undefined
        : {
            name: cause instanceof Error ? text(cause.name) : "Error",
            message: text(messageOf(cause)),
            code: codeOf(cause),
          },
  };
}

export function revive(portable: PortableError): Error {
  const { message, stack, code, retryAfter } = portable;
  const cause = portable.cause === undefined ? undefined : reviveCause(portable.cause);
  const error = reviveKind(portable, cause);
  if (cause !== undefined) define(error, "cause", cause);
  if (portable.kind === "other") define(error, "name", portable.name);
  define(error, "stack", stack ?? `${portable.name}: ${message}`);
  if (code !== undefined && !("code" in error)) Object.assign(error, { code });
  return retryAfter === undefined ? error : Object.assign(error, { retryAfter });
}

/** The error behind a reason that was sent as code and message. */
export function errorFor({ code, message }: AbortReason): Error {
  return isErrorCode(code) ? new ApiumError(code, message) : Object.assign(new Error(message), { code });
}

function reviveKind({ kind, message, code, classes, ...given }: PortableError, cause: Error | undefined): Error {
  if (kind === "retry") return new Retry({ message, ...(given.in === undefined ? {} : { in: given.in }), cause });
  if (kind === "reject") return new Reject(message);
  if (kind === "apium" && isErrorCode(code)) {
    const { fields, details } = given;
    return new ApiumError(code, message, { ...(fields ? { fields } : {}), ...(details ? { details } : {}) });
  }
  const error = new Error(message);
  Object.setPrototypeOf(error, prototypeNamed(classes));
  return error;
}

function reviveCause({ name, message, code }: NonNullable<PortableError["cause"]>): Error {
  const cause = new Error(message);
  define(cause, "name", name);
  define(cause, "stack", `${name}: ${message}`);
  return code === undefined ? cause : Object.assign(cause, { code });
}

function classesOf(error: Error): string[] {
  const names: string[] = [];
  let proto: unknown = Object.getPrototypeOf(error);
  while (proto instanceof Error && names.length < MAX_CLASSES) {
    names.push(text(proto.constructor.name));
    proto = Object.getPrototypeOf(proto);
  }
  return names;
}

/** A chain of prototypes whose constructors answer to these names. */
function prototypeNamed(classes: readonly string[]): object {
  return classes.reduceRight<object>((parent, name) => {
    const standIn = Object.defineProperty(() => {}, "name", { value: name });
    return Object.create(parent, { constructor: { value: standIn } });
  }, Error.prototype);
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function text(value: unknown): string {
  return String(value).slice(0, MAX_TEXT_LENGTH);
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERRORS, code);
}
