/** Throws in all the ways a retry policy tells apart. */
import { ApiumError } from "../../../runtime/contract/errors.ts";
import { Reject, Retry } from "../../../runtime/contract/retry-policy.ts";

class TemporaryError extends Error {}
class UpstreamError extends TemporaryError {
  override readonly name = "UpstreamError";
  readonly code = "UPSTREAM_DOWN";
  readonly retryAfter = 7;
}

export default async function throws({ how }: { readonly how: string }): Promise<never> {
  if (how === "retry") throw new Retry({ in: "3m", cause: new Error("not yet") });
  if (how === "reject") throw new Reject("never again");
  if (how === "apium") throw new ApiumError("STORE_UNAVAILABLE", "no store", { details: { host: "there" } });
  if (how === "text") throw "only a text";
  if (how === "hostile") throw unreadable();
  throw new UpstreamError("the upstream is down", { cause: new TypeError("bad reply") });
}

function unreadable(): Error {
  return Object.defineProperty(new Error(), "message", {
    get() {
      throw new Error("not to be read");
    },
  });
}
