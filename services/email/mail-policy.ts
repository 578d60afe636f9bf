// What a failed delivery means. 4xx replies and everything that is not a reply (refused, dropped, timed out) may pass:
// retry. 5xx replies are the receiver's last word: reject, a dead letter at once. So is a wrong or missing password (535):
// it is mended by an operator, not by time, and repeating it locks accounts; requeue the dead letters afterwards.
import { Reject } from "../../runtime/index.ts";

/** "Bad sequence of commands" speaks of the session, not of the mail: a new connection can succeed. */
const BAD_SEQUENCE = 503;

export function mailFailure(error: unknown): unknown {
  const { response, message } = error as { response?: string; message?: string };
  return isFinal(error) ? new Reject(`the mail server refused: ${response ?? message}`, { cause: error }) : error;
}

/** Whether a mail that fails with this becomes a dead letter at once. */
export function isFinal(error: unknown): boolean {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  return responseCode === undefined ? code === "EAUTH" : responseCode >= 500 && responseCode !== BAD_SEQUENCE;
}
