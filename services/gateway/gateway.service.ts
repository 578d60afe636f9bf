// The one door from outside, on moleculer-web. Every path it answers is named in a table; whatever is not named is not
// there. This file puts the parts together and owns the server's limits; how it stops is `door.ts`.
import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import type { Context, ServiceBroker, ServiceSchema } from "moleculer";
import ApiGateway from "moleculer-web";
import {
  ApiumError,
  codeOf,
  ERRORS,
  messageOf,
  TASK_EVENTS_SUBJECT,
  type TaskEventBatch,
} from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { LoginGuard } from "../login-guard.ts";
import type { ServiceParts } from "../service-parts.ts";
import { Access } from "./access.ts";
import { AccountBook } from "./account-book.ts";
import { Door } from "./door.ts";
import { sendError } from "./error-response.ts";
import { flowerRoute } from "./flower/flower-route.ts";
import { type Call, graphqlRoute } from "./graphql-route.ts";
import { TOLD_EVENTS } from "./live/live-events.ts";
import { LiveFeed } from "./live/live-feed.ts";
import { LiveRoute } from "./live/live-route.ts";
import { refusalOf } from "./methods.ts";
import { GRAPHQL_PREFIXES } from "./outside-paths.ts";
import { addressOf, pathOf, prepare, type Request, type Response, refuseOptions } from "./request.ts";
import { restRoutes } from "./rest-calls.ts";
import { SignIn } from "./sign-in.ts";
import { systemRoute } from "./system-routes.ts";
import { traceRequest } from "./trace-request.ts";
import type { User } from "./user.ts";

type HandleRequest = (this: unknown, request: Request, response: Response, next: unknown) => Promise<void>;

/** How long a client may take to send its headers, and all of its request: slow senders must not hold connections. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than proxies keep idle connections (nginx 60 s): a request must not meet the end of one. */
const KEEP_ALIVE_MS = 75_000;
/**
 * How long a gateway among others goes on answering when it is to leave: longer than a proxy keeps idle connections
 * (deploy/nginx.conf: 2 s), and than it takes to find the other one well again. Alone there is nobody to turn to.
 */
const GRACE_MS = 3_000;
const { httpHandler: handleRequest } = (ApiGateway as unknown as { methods: { httpHandler: HandleRequest } }).methods;
/** Of a question to the accounts; checking a password takes a fraction of a second. */
const ACCOUNTS_TIMEOUT_MS = 5_000;

export function gatewayService({ runtime, cache, settings, leaving, log }: ServiceParts): TaskServiceSchema {
  const now = () => runtime.parts.clock.now();
  let call: Call = () => Promise.reject(new ApiumError("SERVICE_UNAVAILABLE"));
  const accounts = new AccountBook((action, params) => call(action, params), now);
  const phones = async (token: string) => (await call("mobile.verifyToken", { token })) as User;
  const access = new Access({ settings, sessions: cache.named("sessions"), accounts, phones, now });
  const feed = new LiveFeed(randomUUID().slice(0, 8));
  const live = new LiveRoute(access, feed);
  const door = new Door({
    graceMs: settings.NATS_URL === undefined ? 0 : GRACE_MS,
    monotonic: () => runtime.parts.clock.monotonic(),
    endStreams: () => live.close(),
  });
  leaving?.add(door);
  const signIn = new SignIn(access, accounts, new LoginGuard(cache));

  const fail = (request: Request, response: Response, error: unknown) => {
    const correlationId = request.$correlationId ?? "";
    const shown = sendError(response, refusalOf(error, request, response), correlationId);
    if (shown.status < 500) return;
    log.error(`${correlationId} ${request.method} ${pathOf(request)}: ${told(error)}`, undefined, { correlationId });
  };

  const apiSettings: object = {
    port: settings.PORT,
    ip: settings.HOST,
    requestTimeout: REQUEST_TIMEOUT_MS,
    log4XXResponses: false,
    logRequest: null,
    logResponse: null,
    rootCallOptions(options: object, request: Request, response: Response) {
      prepare(options, request, response);
      door.prepare(response);
      request.$address = addressOf(request, settings.TRUSTED_PROXIES);
    },
    use: [refuseOptions],
    routes: [
      ...restRoutes(access),
      ...GRAPHQL_PREFIXES.map((prefix) => graphqlRoute(prefix, access, fail, (...given) => call(...given))),
      flowerRoute({ access, fail, call: (...given) => call(...given), now }),
      systemRoute({ access, signIn, live, door, fail }),
    ],
    onError: fail,
  };

  return {
    name: "gateway",
    mixins: [ApiGateway as unknown as ServiceSchema],
    settings: apiSettings,
    // Nobody on the bus may list or change what is open to the world.
    actions: { listAliases: false, addRoute: false, removeRoute: false },
    methods: {
      httpHandler(request: Request, response: Response, next: unknown) {
        return traceRequest(request, response, () => handleRequest.call(this, request, response, next));
      },
    },
    events: {
      /** As the service `accounts` tells it: a token was revoked, or a password changed. */
      "accounts.changed": () => accounts.forget(),
      [TASK_EVENTS_SUBJECT]: (ctx: Context<TaskEventBatch>) => feed.tellTasks(ctx.params),
      ...Object.fromEntries(
        TOLD_EVENTS.map((event) => [event, (ctx: Context<object>) => feed.tell(event, ctx.params)]),
      ),
    },
    created() {
      const { broker } = this as { broker: ServiceBroker };
      call = (action, params, options) => broker.call(action, params, { timeout: ACCOUNTS_TIMEOUT_MS, ...options });
    },
    async started() {
      const server = this.server as Server;
      server.headersTimeout = HEADERS_TIMEOUT_MS;
      server.keepAliveTimeout = KEEP_ALIVE_MS;
      door.open(server);
      const url = dashboardUrl(server, settings.HOST, access.adminToken);
      log.info(`dashboard: ${url}`, undefined, { isForEyes: true });
    },
    // For brokers that are stopped without a farewell; moleculer-web's own comes after it and has nothing left to do.
    stopped: () => door.finish(),
  };
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
