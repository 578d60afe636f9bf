// From a request to the action behind it: who asks, whether the role suffices, which parameters the table knows, and
// what status the answer has. Everything is refused that the route table does not name.
import { ApiumError, durationMs, type FieldError } from "../../runtime/index.ts";
import type { RepeatOptions } from "../../runtime/moleculer/index.ts";
import type { Access } from "./access.ts";
import { jsonBody, refuseLargeFile } from "./body.ts";
import type { Meta, Next, Request, Response } from "./request.ts";
import { API_PREFIX, type RestRoute } from "./rest-route.ts";
import { REST_ROUTES } from "./rest-routes.ts";

/** `?wait=` may ask for this much; the call to the action gets a little more, so that it can say WAIT_TIMEOUT itself. */
const LONGEST_WAIT_MS = 300_000;
const WAIT_MARGIN_MS = 10_000;

/** What is one token of a header, or the same in quotes (draft-ietf-httpapi-idempotency-key-header). */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

type CallOptions = RepeatOptions & { readonly timeout?: number };

/** The routes for moleculer-web: four, since it keeps the options of a call, and what becomes of a body, at its route and not at the alias. */
export function restRoutes(access: Access): object[] {
  const kindOf = ({ method, mayWait, takesFile }: RestRoute) => {
    if (mayWait === true) return "slow";
    if (takesFile === true) return "files";
    return method === "GET" ? "reading" : "rest";
  };
  const { reading = [], rest = [], slow = [], files = [] } = Object.groupBy(REST_ROUTES, kindOf);
  return [
    restRoute("rest that reads", reading, access, { mayRepeat: true }),
    restRoute("rest", rest, access, {}),
    restRoute("rest that may wait", slow, access, { timeout: LONGEST_WAIT_MS + WAIT_MARGIN_MS }),
    restRoute("rest that takes files", files, access, {}),
  ];
}

function restRoute(name: string, routes: readonly RestRoute[], access: Access, callOptions: CallOptions): object {
  return {
    name,
    path: API_PREFIX,
    mappingPolicy: "restrict",
    callOptions,
    bodyParsers: false,
    use: [
      (request: Request, _response: Response, next: Next) => {
        access.authenticate(request).then((user) => {
          request.$user = user;
          next();
        }, next);
      },
      ...(routes.some(({ takesFile }) => takesFile === true) ? [] : [jsonBody]),
    ],
    aliases: Object.fromEntries(
      routes.map((route) => [
        `${route.method} ${route.path}`,
        { ...route, type: route.takesFile === true ? "stream" : "call" },
      ]),
    ),
    onBeforeCall(ctx: Request["$ctx"], _route: unknown, request: Request, _response: Response, alias: RestRoute) {
      const route = routeOf(alias);
      ctx.meta.user = access.allow(request.$user, route);
      if (route.takesFile === true) refuseLargeFile(request);
      if (request.$correlationId !== undefined) ctx.meta.correlationId = request.$correlationId;
      request.$params = paramsOf(route, request);
    },
    onAfterCall(
      ctx: Request["$ctx"],
      _route: unknown,
      request: Request & { $alias: RestRoute },
      _response: Response,
      data: unknown,
    ) {
      const route = routeOf(request.$alias);
      const hasWaited = route.mayWait === true && "wait" in request.$params;
      ctx.meta.$statusCode = hasWaited ? 200 : (route.status ?? 200);
      if (route.status === 201) ctx.meta.$location = locationOf(route, data);
      if (route.answersFile === true) Object.assign(ctx.meta, fileAnswer(ctx.meta.file, route.isFramed === true));
      return data;
    },
  };
}

/** To be kept, not shown, unless the dashboard frames it: whatever is in a file, it does not run under this address. */
function fileAnswer(file: Meta["file"], isFramed: boolean): object {
  if (file === undefined) return {};
  const plain = file.fileName.replaceAll(/[^\w.-]/g, "_");
  return {
    $responseType: file.contentType,
    $responseHeaders: {
      "Content-Disposition": `${isFramed ? "inline" : "attachment"}; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(file.fileName)}`,
      ...(file.bytes === null ? {} : { "Content-Length": String(file.bytes) }),
      "Content-Security-Policy": `sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors ${isFramed ? "'self'" : "'none'"}`,
      "X-Frame-Options": isFramed ? "SAMEORIGIN" : "DENY",
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "private, no-store",
    },
  };
}

/** moleculer-web trims an alias's path; the entry of the table is what counts. @throws ApiumError `NOT_FOUND`. */
function routeOf(alias: RestRoute): RestRoute {
  const route = REST_ROUTES.find(({ method, action }) => method === alias.method && action === alias.action);
  if (route === undefined) throw new ApiumError("NOT_FOUND");
  return route;
}

/** Body, then query, then path: a later one wins, so nobody can ask about another thing than the address names. */
function paramsOf(route: RestRoute, request: Request): Readonly<Record<string, unknown>> {
  const query = { ...request.query };
  const body = route.method === "GET" ? {} : { ...(request.body as object | undefined) };
  const unknown: FieldError[] = [
    ...surplus(query, route.query).map((field) => ({ field, message: "is no query parameter of this endpoint" })),
    ...surplus(body, route.body).map((field) => ({ field, message: "is no field of this endpoint" })),
  ];
  if (unknown.length > 0) throw new ApiumError("PARAMS_INVALID", "the request is not valid", { fields: unknown });
  if (query.wait !== undefined) checkWait(query.wait);
  const path = [...route.path.matchAll(/:(\w+)/g)].map(([, name = ""]) => [name, request.$params[name]]);
  return { ...body, ...query, ...Object.fromEntries(path), ...idempotencyKeyOf(route, request) };
}

/** No other change can be told from its repetition, and whoever sends the header must not believe that it can. */
function idempotencyKeyOf(route: RestRoute, { headers }: Request): object {
  const key = headers["idempotency-key"];
  if (key === undefined || route.method === "GET") return {};
  const refuse = (message: string): never => {
    throw new ApiumError("PARAMS_INVALID", "the request is not valid", {
      fields: [{ field: "Idempotency-Key", message }],
    });
  };
  if (route.takesIdempotencyKey !== true) return refuse("is taken by POST /tasks only");
  if (typeof key !== "string" || !IDEMPOTENCY_KEY.test(key)) return refuse("must be 1 to 255 visible characters");
  return { idempotencyKey: key };
}

function surplus(given: object, known: readonly string[] = []): string[] {
  return Object.keys(given).filter((name) => !known.includes(name));
}

/** Before the call, not in it: a task must not be accepted by a request that is then refused. */
function checkWait(wait: unknown): void {
  const refuse = (message: string): never => {
    throw new ApiumError("PARAMS_INVALID", "the request is not valid", { fields: [{ field: "wait", message }] });
  };
  if (typeof wait !== "string" || !/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(wait)) return refuse("must be written like 30s");
  if (durationMs(wait) > LONGEST_WAIT_MS) refuse(`must be at most ${LONGEST_WAIT_MS / 60_000}m`);
}

function locationOf(route: RestRoute, data: unknown): string {
  for (const key of ["id", "name"] as const) {
    if (!REST_ROUTES.some(({ method, path }) => method === "GET" && path === `${route.path}/:${key}`)) continue;
    return `${API_PREFIX}${route.path}/${encodeURIComponent(String((data as Record<string, unknown> | null)?.[key]))}`;
  }
  return `${API_PREFIX}${route.path}`;
}
