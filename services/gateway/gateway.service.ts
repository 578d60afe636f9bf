// The one door from outside, on moleculer-web. Every path it answers is named in a table; whatever is not named is not
// there. This file puts the parts together and owns the server: its limits, and a stop that loses no answer.
import type { Server } from "node:http";
import type { ServiceSchema } from "moleculer";
import ApiGateway from "moleculer-web";
import { codeOf, ERRORS, messageOf } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { Access } from "./access.ts";
import { sendError } from "./error-response.ts";
import { LoginGuard } from "./login-guard.ts";
import { pathOf, prepare, type Request, type Response, refuseOptions } from "./request.ts";
import { restRoutes } from "./rest-calls.ts";
import { systemRoute } from "./system-routes.ts";

/** How long a client may take to send its headers, and all of its request: slow senders must not hold connections. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Requests that take longer than this after the stop began are cut off. */
const STOP_WITHIN_MS = 10_000;
const LOOK_FOR_IDLE_MS = 50;

export function gatewayService({ runtime, cache, settings, log }: ServiceParts): TaskServiceSchema {
  const access = new Access(settings, cache.named("sessions"), () => runtime.parts.clock.now());

  const fail = (request: Request, response: Response, error: unknown) => {
    const correlationId = request.$correlationId ?? "";
    const shown = sendError(response, error, correlationId);
    if (shown.status >= 500) log.error(`${correlationId} ${request.method} ${pathOf(request)}: ${told(error)}`);
  };

  const apiSettings: object = {
    port: settings.PORT,
    ip: settings.HOST,
    requestTimeout: REQUEST_TIMEOUT_MS,
    log4XXResponses: false,
    logRequest: null,
    logResponse: null,
    rootCallOptions: prepare,
    use: [refuseOptions],
    routes: [...restRoutes(access), systemRoute(access, new LoginGuard(cache), fail)],
    onError: fail,
  };

  return {
    name: "gateway",
    mixins: [ApiGateway as unknown as ServiceSchema],
    settings: apiSettings,
    // Nobody on the bus may list or change what is open to the world.
    actions: { listAliases: false, addRoute: false, removeRoute: false },
    async started() {
      const server = this.server as Server;
      server.headersTimeout = HEADERS_TIMEOUT_MS;
      log.info(`dashboard: ${dashboardUrl(server, settings.HOST, access.adminToken)}`);
    },
    // Runs before moleculer-web's own, which stops listening and waits for every connection to end.
    async stopped() {
      endConnections(this.server as Server);
    },
  };
}

/** Closes connections as they fall idle, since clients would keep them open, and at last those that never do. */
function endConnections(server: Server): void {
  if (!server.listening) return;
  const idle = setInterval(() => server.closeIdleConnections(), LOOK_FOR_IDLE_MS);
  const late = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS);
  server.once("close", () => {
    clearInterval(idle);
    clearTimeout(late);
  });
}

function dashboardUrl(server: Server, host: string, token: string | undefined): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : "";
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}/${token === undefined ? "" : `?token=${token}`}`;
}

/** For the log: our own errors in a line, what nobody expected with its stack. */
function told(error: unknown): string {
  const isOurs = Object.hasOwn(ERRORS, codeOf(error) ?? "");
  return isOurs || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
}
