// The one door from outside. Every path it answers is named in a table; whatever is not named is not there.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Context, Service, ServiceSchema } from "moleculer";
import ApiGateway from "moleculer-web";
import { ApiumError, messageOf } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { Access } from "./access.ts";
import { sendError } from "./error-response.ts";
import { openApi } from "./openapi.ts";
import { PAGES, type PagePath, PUBLIC_PAGES, SECURITY_HEADERS, sendPage } from "./pages.ts";
import { API_PREFIX, REST_ROUTES, type RestRoute } from "./rest-routes.ts";

const MAX_BODY = "1mb";
const READY_WITHIN_MS = 2_000;
const REQUEST_TIMEOUT_MS = 320_000;
const HEADERS_TIMEOUT_MS = 15_000;
const CORRELATION_ID = /^[A-Za-z0-9._:-]{1,100}$/;

type Request = IncomingMessage & {
  $correlationId?: string;
  $ctx: Context<unknown, Meta>;
  query: Record<string, string>;
};
type Response = ServerResponse;
type Alias = RestRoute & { readonly $route?: RestRoute };
interface Meta {
  user?: { name: string; role: string };
  correlationId?: string;
  $statusCode?: number;
}

export function gatewayService({ runtime, settings, log }: ServiceParts): TaskServiceSchema {
  const access = new Access(settings, () => runtime.parts.clock.now());

  const system = (handle: (request: Request, response: Response, service: Service) => unknown) =>
    function alias(this: Service, request: Request, response: Response) {
      Promise.resolve()
        .then(() => handle(request, response, this))
        .catch((error: unknown) => fail(request, response, error));
    };
  const fail = (request: Request, response: Response, error: unknown) => {
    const correlationId = request.$correlationId ?? "";
    const shown = sendError(response, error, correlationId);
    if (shown.status >= 500) log.error(`${correlationId} ${request.method} ${pathOf(request)}: ${messageOf(error)}`);
  };

  const apiSettings: object = {
    port: settings.PORT,
    ip: settings.HOST,
    requestTimeout: REQUEST_TIMEOUT_MS,
    log4XXResponses: false,
    logRequest: null,
    logResponse: null,
    use: [prepare],
    routes: [
      {
        path: API_PREFIX,
        mappingPolicy: "restrict",
        aliases: Object.fromEntries(
          REST_ROUTES.map((route) => [`${route.method} ${route.path}`, { ...route, type: "call" }]),
        ),
        bodyParsers: { json: { limit: MAX_BODY, strict: true } },
        onBeforeCall(
          ctx: Context<unknown, Meta>,
          route: { callOptions?: object },
          request: Request,
          _response: Response,
          alias: Alias,
        ) {
          ctx.meta.user = access.require(request, alias.role);
          if (request.$correlationId !== undefined) ctx.meta.correlationId = request.$correlationId;
          if (alias.timeoutMs !== undefined) route.callOptions = { timeout: alias.timeoutMs };
        },
        onAfterCall(
          ctx: Context<unknown, Meta>,
          _route: unknown,
          request: Request & { $alias: Alias },
          _response: Response,
          data: unknown,
        ) {
          const waited = request.$alias.action === "tasks.enqueue" && isObject(data) && "result" in data;
          ctx.meta.$statusCode = waited ? 200 : (request.$alias.status ?? 200);
          return data;
        },
      },
      {
        path: "/",
        mappingPolicy: "restrict",
        bodyParsers: { urlencoded: { limit: "10kb", extended: false }, json: { limit: "10kb" } },
        aliases: {
          "GET /healthz": system((_request, response) => json(response, 200, { status: "alive" })),
          "GET /readyz": system(async (_request, response, service) => {
            await service.broker.call("tasks.ready", {}, { timeout: READY_WITHIN_MS });
            json(response, 200, { status: "ready" });
          }),
          "GET /openapi.json": system((request, response) => {
            access.require(request, "viewer");
            json(response, 200, openApi("0.1.0"));
          }),
          "POST /login": system((request, response) => {
            const token = String((request as Request & { body?: { token?: unknown } }).body?.token ?? "");
            const user = access.userOf(token);
            if (user === undefined) return redirect(response, "/login?again");
            response.setHeader("Set-Cookie", access.sessionCookie(user));
            redirect(response, "/");
          }),
          ...Object.fromEntries(
            PAGES.map((path) => [`GET ${path}`, system((request, response) => page(access, request, response, path))]),
          ),
        },
      },
    ],
    onError(request: Request, response: Response, error: unknown) {
      fail(request, response, error);
    },
  };

  return {
    name: "gateway",
    mixins: [ApiGateway as unknown as ServiceSchema],
    settings: apiSettings,
    async started() {
      const server = this.server as Server;
      server.headersTimeout = HEADERS_TIMEOUT_MS;
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : settings.PORT;
      const token = access.adminToken === undefined ? "" : `?token=${access.adminToken}`;
      log.info(`dashboard: http://${settings.HOST}:${port}/${token}`);
    },
  };
}

/** What every answer carries, whatever becomes of the request. */
function prepare(request: Request, response: Response, next: (error?: unknown) => void): void {
  const given = request.headers["x-correlation-id"];
  request.$correlationId = typeof given === "string" && CORRELATION_ID.test(given) ? given : randomUUID();
  response.setHeader("X-Correlation-Id", request.$correlationId);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  response.setHeader("Cache-Control", "no-store");
  const type = request.headers["content-type"];
  const hasBody =
    Number(request.headers["content-length"] ?? 0) > 0 || request.headers["transfer-encoding"] !== undefined;
  const isForm = pathOf(request) === "/login" && type?.startsWith("application/x-www-form-urlencoded");
  if (hasBody && !isForm && !/^application\/json\b/i.test(type ?? "")) {
    return next(new ApiumError("REQUEST_MALFORMED", "a body must be JSON, with Content-Type: application/json"));
  }
  next();
}

function page(access: Access, request: Request, response: Response, path: PagePath): void {
  const token = new URL(request.url ?? "/", "http://localhost").searchParams.get("token");
  if (token !== null && path === "/") {
    const user = access.userOf(token);
    if (user === undefined) return redirect(response, "/login?again");
    response.setHeader("Set-Cookie", access.sessionCookie(user));
    return redirect(response, "/");
  }
  if (!PUBLIC_PAGES.includes(path) && access.identify(request) === undefined) return redirect(response, "/login");
  sendPage(response, path);
}

function json(response: Response, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}

function redirect(response: Response, location: string): void {
  response.statusCode = 303;
  response.setHeader("Location", location);
  response.end();
}

/** The path alone: a query may hold a token. */
function pathOf(request: IncomingMessage): string {
  return (request as { originalUrl?: string }).originalUrl?.split("?")[0] ?? (request.url ?? "").split("?")[0] ?? "";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
