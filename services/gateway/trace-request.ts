// The span of a request, from its arrival to the last byte of its answer; a `traceparent` that it brings is gone on with.
// Named by the route's pattern, since addresses hold ids; without its query, where tokens may be. What asks every few
// seconds, or stays for hours, is left out.
import { type Carrier, OpenSpan } from "../../runtime/index.ts";
import { pathOf, type Request, type Response } from "./request.ts";

const LEFT_OUT: readonly string[] = ["/healthz", "/readyz", "/metrics", "/events"];
const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

type Routed = Request & { readonly $alias?: { readonly fullPath?: string } };

/** Handles a request, in a span where traces are recorded. */
export function traceRequest<Answer>(request: Routed, response: Response, handle: () => Answer): Answer {
  if (LEFT_OUT.includes(pathOf(request))) return handle();
  const method = METHODS.includes(request.method ?? "") ? (request.method ?? "") : "_OTHER";
  const attributes = { "http.request.method": method };
  const span = OpenSpan.atDoor({ name: method, kind: "server", attributes }, broughtBy(request));
  if (span === undefined) return handle();
  // A body comes in events of the socket, which was there before the request.
  span.bind(request);
  span.bind(response);
  response.once("close", () => {
    const route = request.$alias?.fullPath;
    const { statusCode } = response;
    if (route !== undefined) span.name(`${method} ${route}`);
    span.set({
      ...(route === undefined ? {} : { "http.route": route }),
      "http.response.status_code": statusCode,
      "apium.correlation_id": request.$correlationId ?? "",
    });
    // Of an answer below 500 the server has nothing to mend.
    if (statusCode >= 500) span.failAs(String(statusCode));
    else if (!response.writableFinished) span.set({ "error.type": "aborted" });
    span.end();
  });
  return span.run(handle);
}

function broughtBy({ headers }: Request): Carrier | undefined {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== "string") return undefined;
  return { traceparent, ...(typeof tracestate === "string" ? { tracestate } : {}) };
}
