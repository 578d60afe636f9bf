// How a thrown value is recorded: code, message, stack, causes; trimmed, and without secrets.
import { codeOf, messageOf } from "./errors.ts";
import { hideSecrets } from "./hide-secrets.ts";

export interface TaskError {
  readonly code: string;
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly cause?: { readonly name: string; readonly message: string; readonly code?: string | undefined } | undefined;
}

const MAX_MESSAGE_LENGTH = 2_000;
const MAX_STACK_LENGTH = 8_000;
/** So much beyond what is kept is looked at, lest a cut leave the beginning of a credential. */
const LOOK_AHEAD = 1_000;

/** Describes a thrown value for the books; `fallback` is the code of errors that have none of their own. */
export function describeError(error: unknown, fallback = "HANDLER_FAILED"): TaskError {
  const cause = error instanceof Error ? error.cause : undefined;
  return {
    code: codeOf(error) ?? fallback,
    name: error instanceof Error ? error.name : typeof error,
    message: clean(messageOf(error), MAX_MESSAGE_LENGTH),
    stack: error instanceof Error && error.stack !== undefined ? clean(error.stack, MAX_STACK_LENGTH) : undefined,
    cause:
      cause === undefined
        ? undefined
        : {
            name: cause instanceof Error ? cause.name : typeof cause,
            message: clean(messageOf(cause), MAX_MESSAGE_LENGTH),
            code: codeOf(cause),
          },
  };
}

/** Text for the books, cut. NUL cannot be stored in PostgreSQL text; secrets must not be. */
export function clean(text: string, maxLength: number): string {
  const safe = hideSecrets(text.slice(0, maxLength + LOOK_AHEAD)).replaceAll("\0", "\uFFFD");
  return safe.length <= maxLength ? safe : `${safe.slice(0, maxLength)}…`;
}
