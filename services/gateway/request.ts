// What every request and every answer has, whatever becomes of them: a correlation id, the security headers, and a
// method that means what it says. It runs before routing, so that refusals by the router carry the headers too.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "moleculer";
import { ApiumError } from "../../runtime/index.ts";
import type { User } from "./user.ts";

export interface Meta {
  user?: User;
  correlationId?: string;
  $statusCode?: number;
  $location?: string;
  /** Of an answer that is a file. */
  file?: { readonly fileName: string; readonly contentType: string; readonly bytes: number | null };
}

/** A request as moleculer-web hands it on. */
export type Request = IncomingMessage & {
  $correlationId?: string;
  /** Of whoever asks: guessing is counted by it. */
  $address?: string;
  $user?: User;
  $ctx: Context<unknown, Meta>;
  $params: Readonly<Record<string, unknown>>;
  originalUrl?: string;
  /** The path as it was routed. */
  parsedUrl?: string;
  $service?: { readonly aliases?: readonly { readonly method: string; match(path: string): object | false }[] };
  query: Readonly<Record<string, unknown>>;
  body?: unknown;
};
export type Response = ServerResponse;
export type Next = (error?: unknown) => void;

const CORRELATION_ID = /^[A-Za-z0-9._:-]{1,100}$/;

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/** Marks a request before it is routed; an id that is no id is replaced. */
export function prepare(options: { requestID?: string; tracking?: boolean }, request: Request, response: Response) {
  const given = request.headers["x-correlation-id"];
  const correlationId = typeof given === "string" && CORRELATION_ID.test(given) ? given : randomUUID();
  request.$correlationId = correlationId;
  options.requestID = correlationId;
  // Moleculer would wait for tracked requests before it lets us stop listening, while new ones go on coming in.
  options.tracking = false;
  response.setHeader("X-Correlation-Id", correlationId);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
}

/** moleculer-web routes OPTIONS as the method it asks about, and would run the action behind it. */
export function refuseOptions(request: Request, _response: Response, next: Next): void {
  if (request.method !== "OPTIONS") return next();
  next(new ApiumError("NOT_FOUND", "there is no OPTIONS here: other origins are not served"));
}

/**
 * The address of whoever asks: the connection's, or what the trusted proxies have written down. What stands left of theirs
 * in the header anybody may have written.
 */
export function addressOf(request: IncomingMessage, trustedProxies: number): string {
  const told = String(request.headers["x-forwarded-for"] ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const farthest = trustedProxies === 0 ? undefined : told.at(-Math.min(trustedProxies, told.length));
  return farthest ?? request.socket.remoteAddress ?? "";
}

/** The path alone: a query may hold a token. */
export function pathOf(request: Request): string {
  return (request.originalUrl ?? request.url ?? "").split("?")[0] ?? "";
}

export function sendJson(response: Response, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}

export function redirect(response: Response, location: string): void {
  response.statusCode = 303;
  response.setHeader("Location", location);
  response.end();
}
