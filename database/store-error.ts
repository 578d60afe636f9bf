// Turns what the drivers throw when the database cannot be reached, or takes too long, into our own codes.
// SQLSTATE classes: https://www.postgresql.org/docs/15/errcodes-appendix.html
import { ApiumError, codeOf, messageOf } from "../runtime/contract/errors.ts";

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOENT",
  "57P01",
  "57P02",
  "57P03", // admin shutdown, crash shutdown, cannot connect now
  "57P05", // the session was idle for too long
  "53300",
  "53100",
  "53200", // too many connections, disk full, out of memory
]);
const CONNECTION_LOST =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Cannot use a pool after calling end|Client was closed/i;
/** The server ended the session because its client held a transaction open and said nothing (25P04: held it too long). */
const HELD_TOO_LONG = new Set(["25P03", "25P04"]);
const TIMEOUTS = new Set(["57014", "55P03"]); // query canceled (statement_timeout), lock not available
const QUERY_TIMEOUT = /Query read timeout/i;

export function storeError(error: unknown): unknown {
  if (error instanceof ApiumError) return error;
  const code = codeOf(error);
  const message = messageOf(error);
  if (code !== undefined && HELD_TOO_LONG.has(code)) {
    const what = "the database ended a transaction that was held open without a word from this process";
    const message = `${what} (${code}): it hung, or its work inside the transaction took too long`;
    return new ApiumError("STORE_UNAVAILABLE", message, { cause: error });
  }
  if ((code !== undefined && (UNREACHABLE.has(code) || code.startsWith("08"))) || CONNECTION_LOST.test(message)) {
    return new ApiumError("STORE_UNAVAILABLE", `the database does not answer (${code ?? message})`, { cause: error });
  }
  if ((code !== undefined && TIMEOUTS.has(code)) || QUERY_TIMEOUT.test(message)) {
    return new ApiumError("STORE_TIMEOUT", `a statement took too long (${code ?? message})`, { cause: error });
  }
  return error;
}

/** True for errors that a repeated try may not meet again: outages, deadlocks, serialisation failures. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === "STORE_UNAVAILABLE" || code === "STORE_TIMEOUT" || code === "40P01" || code === "40001";
}
