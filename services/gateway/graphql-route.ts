// POST /graphql for phones: with their token, or without one to get it. No other token opens it: what phones report is
// written, whatever role the token has. Answers have GraphQL's own form, errors too; the status says what kind they are.
import { ApiumError, ERRORS } from "../../runtime/index.ts";
import type { Access } from "./access.ts";
import { jsonBody, smallJsonBody } from "./body.ts";
import { publicError } from "./error-response.ts";
import type { Request, Response } from "./request.ts";
import { sendJson } from "./request.ts";
import { PERSON } from "./rest-route.ts";

/** The wait of a mutation, and a little more. */
const TIMEOUT_MS = 30_000;

export type Call = (
  action: string,
  params: object,
  options?: { readonly meta?: object; readonly timeout?: number },
) => Promise<unknown>;

export function graphqlRoute(
  path: string,
  access: Access,
  fail: (request: Request, response: Response, error: unknown) => void,
  call: Call,
): object {
  return {
    name: `graphql of ${path}`,
    path,
    mappingPolicy: "restrict",
    bodyParsers: false,
    aliases: {
      "POST /graphql": (request: Request, response: Response) => {
        answer(request, response, access, call).catch((error: unknown) => {
          const known = publicError(error);
          if (known === undefined || known.status >= 500) return fail(request, response, error);
          const { code, fields } = known;
          const extensions = { code, correlationId: request.$correlationId, ...(fields && { fields }) };
          sendJson(response, known.status, { errors: [{ message: known.message, extensions }] });
        });
      },
    },
  };
}

async function answer(request: Request, response: Response, access: Access, call: Call): Promise<void> {
  const user = await access.identify(request);
  if (user === undefined && request.headers.authorization !== undefined) {
    throw new ApiumError("UNAUTHENTICATED", ERRORS.UNAUTHENTICATED.meaning);
  }
  if (user !== undefined) access.allow(user, { role: PERSON, isOfClient: true });
  await new Promise<void>((resolve, reject) =>
    (user === undefined ? smallJsonBody : jsonBody)(request, response, (error) =>
      error === undefined ? resolve() : reject(error),
    ),
  );
  const address = request.$address ?? "";
  const { query, variables, operationName } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const meta = { user, address, correlationId: request.$correlationId };
  const params = { query, variables, operationName };
  sendJson(response, 200, (await call("mobile.graphql", params, { meta, timeout: TIMEOUT_MS })) as object);
}
