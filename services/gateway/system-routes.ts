// What is outside the API: whether the process lives and can work, the API's description, signing in, and the pages.
// This is the whole of what may be had without a token: /healthz (Flower's /healthcheck), /readyz, /login, /logout,
// where Flower's pages are now, and the pages named as public.
import type { Service } from "moleculer";
import { ApiumError } from "../../runtime/index.ts";
import type { Access } from "./access.ts";
import { smallFormBody } from "./body.ts";
import type { Door } from "./door.ts";
import { publicError } from "./error-response.ts";
import type { LiveRoute } from "./live/live-route.ts";
import { nextPage, rememberPage } from "./next-page.ts";
import { openApi } from "./openapi.ts";
import { OUTSIDE_PATHS, type OutsideAddress } from "./outside-paths.ts";
import { isPublicAsset, PAGES, sendAsset, sendPage } from "./pages.ts";
import { type Request, type Response, redirect, sendJson } from "./request.ts";
import type { RestRoute } from "./rest-route.ts";
import type { SignIn } from "./sign-in.ts";
import type { Known } from "./user.ts";

const READY_WITHIN_MS = 2_000;
const METRICS_WITHIN_MS = 8_000;
/** As one of the table: for operators of the whole system. */
const METRICS: RestRoute = {
  ...OUTSIDE_PATHS["GET /metrics"],
  method: "GET",
  path: "/metrics",
  action: "metrics.read",
};

type Handler = (request: Request, response: Response, service: Service) => unknown;

export interface SystemRouteParts {
  readonly access: Access;
  readonly signIn: SignIn;
  readonly live: LiveRoute;
  readonly door: Pick<Door, "isLeaving">;
  readonly fail: (request: Request, response: Response, error: unknown) => void;
}

export function systemRoute({ access, signIn, live, door, fail }: SystemRouteParts) {
  const alias = (handle: Handler) =>
    function answer(this: Service, request: Request, response: Response) {
      Promise.resolve()
        .then(() => handle(request, response, this))
        .catch((error: unknown) => fail(request, response, error));
    };
  const isReady = readiness();

  return {
    name: "system",
    path: "/",
    mappingPolicy: "restrict",
    bodyParsers: false,
    use: [smallFormBody],
    aliases: {
      ...({
        "GET /healthz": alias((_request, response) => sendJson(response, 200, { status: "alive" })),
        "GET /healthcheck": alias((_request, response) => sendJson(response, 200, { status: "alive" })),
        "GET /readyz": alias(async (_request, response, service) => {
          if (door.isLeaving) throw new ApiumError("SERVICE_UNAVAILABLE", "this process is about to leave");
          await isReady(service);
          sendJson(response, 200, { status: "ready" });
        }),
        "GET /openapi.json": alias(async (request, response) => {
          sendJson(response, 200, openApi(await access.authenticate(request)));
        }),
        "GET /metrics": alias(async (request, response, service) => {
          access.allow(await access.identify(request), METRICS);
          const text = (await service.broker.call("metrics.read", {}, { timeout: METRICS_WITHIN_MS })) as string;
          response.setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
          response.end(text);
        }),
        "GET /events": alias((request, response) => live.answer(request, response)),
        "POST /login": alias(async (request, response) => {
          access.refuseForeignOrigin(request);
          await begin(access, request, response, await signIn.userOf(request.body, request.$address ?? ""));
        }),
        "POST /logout": alias(async (request, response) => {
          access.refuseForeignOrigin(request);
          response.setHeader("Set-Cookie", await access.endSession(request));
          redirect(response, "/login");
        }),
        "GET /task/:id": alias(({ $params }, response) => redirect(response, `/tasks/${segment($params.id)}`)),
        "GET /worker/:id": alias(({ $params }, response) => redirect(response, `/workers/${segment($params.id)}`)),
        "GET /broker": alias((_request, response) => redirect(response, "/queues")),
        "GET /dashboard": alias((_request, response) => redirect(response, "/")),
        "GET /login": alias((request, response) => sendPage(request, response, "/login")),
        "GET /assets/:name": alias(async (request, response) => {
          const name = String(request.$params.name);
          if (!isPublicAsset(name)) await access.authenticate(request);
          await sendAsset(request, response, name);
        }),
      } satisfies Record<OutsideAddress, object>),
      ...Object.fromEntries(
        PAGES.map((path) => [`GET ${path}`, alias((request, response) => page(access, request, response, path))]),
      ),
    },
  };
}

async function page(access: Access, request: Request, response: Response, path: string): Promise<void> {
  const { token } = request.query;
  if (path === "/" && typeof token === "string") {
    if (isSentByOthers(request)) return redirect(response, "/login");
    return begin(access, request, response, await access.userOf(token));
  }
  // Whoever did not come for a page is not given one in place of what is not there.
  if (path !== "/" && !/\btext\/html\b/.test(request.headers.accept ?? "")) throw new ApiumError("NOT_FOUND");
  if ((await access.identify(request)) !== undefined) return sendPage(request, response, "/");
  rememberPage(request, response);
  redirect(response, "/login");
}

/** Of an address; whatever is in it, it stays one. */
function segment(value: unknown): string {
  return encodeURIComponent(String(value));
}

/** By a page of another site, which could sign somebody in as somebody else. Who opens the address themselves comes from `none`. */
function isSentByOthers({ headers }: Request): boolean {
  return headers["sec-fetch-site"] === "cross-site" || headers["sec-fetch-site"] === "same-site";
}

/** Leads on to an address without the token, so that it stays in no history and no referrer. */
async function begin(access: Access, request: Request, response: Response, known: Known | undefined): Promise<void> {
  if (known === undefined) return redirect(response, "/login?again");
  const isSecure = request.headers["x-forwarded-proto"] === "https";
  response.appendHeader("Set-Cookie", `${await access.beginSession(known)}${isSecure ? "; Secure" : ""}`);
  redirect(response, nextPage(request, response));
}

/** Anybody may ask, so those who ask at once share one look at the database. Whatever is wrong, the answer is 503. */
function readiness(): (service: Service) => Promise<void> {
  let looking: Promise<void> | undefined;
  const look = async ({ broker }: Service) => {
    try {
      await broker.call("tasks.ready", {}, { timeout: READY_WITHIN_MS });
    } catch (error) {
      const known = publicError(error);
      throw known?.status === 503 ? known : new ApiumError("SERVICE_UNAVAILABLE", undefined, { cause: error });
    }
  };
  return (service) => {
    looking ??= look(service).finally(() => {
      looking = undefined;
    });
    return looking;
  };
}
