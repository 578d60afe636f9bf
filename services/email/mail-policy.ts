// What a failed delivery means. 4xx replies and everything that is not a reply (refused, dropped, timed out) may pass:
// retry. 5xx replies are the receiver's last word: reject, a dead letter at once. So is a wrong or missing password (535):
// it is mended by an operator, not by time, and repeating it locks accounts; requeue the dead letters afterwards.
import { Reject } from "../../runtime/index.ts";

/** "Bad sequence of commands" speaks of the session, not of the mail: a new connection can succeed. */
const BAD_SEQUENCE = 503;

export function mailFailure(error: unknown): unknown {
  const { code, responseCode, response, message } = error as {
    code?: string;
    responseCode?: number;
    response?: string;
    message?: string;
  };
  const isFinal = responseCode === undefined ? code === "EAUTH" : responseCode >= 500 && responseCode !== BAD_SEQUENCE;
  return isFinal ? new Reject(`the mail server refused: ${response ?? message}`, { cause: error }) : error;
}
