// Reading a request's body: JSON up to a megabyte, and the login form. It comes after the access check, so that only
// known callers make us read. What the parser says is not passed on: it quotes the body. Files are read by their action.
import ApiGateway from "moleculer-web";
import { ApiumError } from "../../runtime/index.ts";
import { MOST_FILE_BYTES } from "../file-limit.ts";
import type { Next, Request, Response } from "./request.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_FORM_BYTES = 10 * 1024;
/** Of somebody who has not said who they are: enough to sign in. */
const MAX_STRANGERS_BYTES = 16 * 1024;
const JSON_TYPE = /^application\/json\s*(;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(;|$)/i;

type Parser = (request: Request, response: Response, next: Next) => void;
const parsers = ApiGateway.bodyParser as unknown as Record<"json" | "urlencoded", (options: object) => Parser>;
const parseJson = parsers.json({ limit: MAX_BODY_BYTES, strict: true });
const parseSmallJson = parsers.json({ limit: MAX_STRANGERS_BYTES, strict: true });
const parseForm = parsers.urlencoded({ limit: MAX_FORM_BYTES, extended: false });

/** Takes a JSON object or nothing. */
export function jsonBody(request: Request, response: Response, next: Next): void {
  takeJson(parseJson, request, response, next);
}

/** The same, of somebody unknown. */
export function smallJsonBody(request: Request, response: Response, next: Next): void {
  takeJson(parseSmallJson, request, response, next);
}

function takeJson(parse: Parser, request: Request, response: Response, next: Next): void {
  if (!hasBody(request)) return next();
  if (!JSON_TYPE.test(request.headers["content-type"] ?? "")) {
    return next(new ApiumError("REQUEST_MALFORMED", "a body must be JSON, with Content-Type: application/json"));
  }
  parse(request, response, (error) => {
    if (error !== undefined) return next(refusal(error));
    if (Array.isArray(request.body)) return next(new ApiumError("REQUEST_MALFORMED", "the body must be a JSON object"));
    next();
  });
}

/** Takes a form, or the same as JSON. */
export function formBody(request: Request, response: Response, next: Next): void {
  takeForm(parseJson, request, response, next);
}

/** The same, of somebody unknown: the login form. */
export function smallFormBody(request: Request, response: Response, next: Next): void {
  takeForm(parseSmallJson, request, response, next);
}

function takeForm(parseAsJson: Parser, request: Request, response: Response, next: Next): void {
  if (!hasBody(request)) return next();
  const type = request.headers["content-type"] ?? "";
  const parse = FORM_TYPE.test(type) ? parseForm : JSON_TYPE.test(type) ? parseAsJson : undefined;
  if (parse === undefined) return next(new ApiumError("REQUEST_MALFORMED", "a body must be a form or JSON"));
  parse(request, response, (error) => next(error === undefined ? undefined : refusal(error)));
}

/** Refuses a file that says it is too large, before any of it is read. @throws ApiumError `OBJECT_TOO_LARGE`. */
export function refuseLargeFile({ headers }: Request): void {
  if (Number(headers["content-length"] ?? 0) > MOST_FILE_BYTES) throw new ApiumError("OBJECT_TOO_LARGE");
}

function hasBody({ headers }: Request): boolean {
  return Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined;
}

function refusal(error: unknown): ApiumError {
  const isTooLarge = (error as { status?: number } | null)?.status === 413;
  return new ApiumError(isTooLarge ? "REQUEST_TOO_LARGE" : "REQUEST_MALFORMED");
}
