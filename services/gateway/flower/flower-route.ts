// Flower's API for scripts that were written for it, at Flower's own addresses below /api. A token comes as a bearer's, or,
// as Flower has it, as the password of basic authentication; nobody comes in without one.
import { ApiumError } from "../../../runtime/index.ts";
import type { Access } from "../access.ts";
import { formBody } from "../body.ts";
import type { Call } from "../graphql-route.ts";
import { type Request, type Response, sendJson } from "../request.ts";
import { FLOWER_ENDPOINTS, type FlowerEndpoint } from "./flower-endpoints.ts";

const TIMEOUT_MS = 70_000;

export interface FlowerRouteParts {
  readonly access: Access;
  readonly fail: (request: Request, response: Response, error: unknown) => void;
  readonly call: Call;
  readonly now: () => number;
}

export function flowerRoute(parts: FlowerRouteParts): object {
  return {
    name: "flower",
    path: "/api",
    mappingPolicy: "restrict",
    bodyParsers: false,
    aliases: Object.fromEntries(
      FLOWER_ENDPOINTS.map((endpoint) => [
        `${endpoint.method} ${endpoint.path}`,
        (request: Request, response: Response) => {
          answer(endpoint, request, response, parts).catch((error: unknown) => parts.fail(request, response, error));
        },
      ]),
    ),
  };
}

async function answer(
  endpoint: FlowerEndpoint,
  request: Request,
  response: Response,
  { access, call, now }: FlowerRouteParts,
): Promise<void> {
  acceptBasic(request);
  const user = access.allow(await access.identify(request), { role: endpoint.role });
  await new Promise<void>((resolve, reject) =>
    formBody(request, response, (error) => (error === undefined ? resolve() : reject(error))),
  );
  const meta = { user, correlationId: request.$correlationId };
  const { id = "", ...params } = request.$params as Record<string, unknown>;
  const body = request.body === undefined ? {} : request.body;
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new ApiumError("REQUEST_MALFORMED");
  const given = { ...params, ...request.query, ...body };
  const ask = (action: string, asked: object = {}) =>
    call(action, asked, { meta, timeout: TIMEOUT_MS }) as Promise<never>;
  sendJson(response, 200, await endpoint.answer({ id: String(id), given, ask, now: now() }));
}

/** `user:token` as basic authentication: the token counts, the name is anybody's. */
function acceptBasic(request: Request): void {
  const [, credentials] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (credentials === undefined) return;
  const text = Buffer.from(credentials, "base64").toString("utf8");
  request.headers.authorization = `Bearer ${text.slice(text.indexOf(":") + 1)}`;
}
