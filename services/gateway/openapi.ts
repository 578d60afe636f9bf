// The API described for machines (OpenAPI 3.1), from the route table: paths, the role each needs, names of parameters
// and fields. What a field may hold is said by the action that takes it, in the `fields` of its refusal.
import { readFileSync } from "node:fs";
import { ERRORS } from "../../runtime/index.ts";
import { API_PREFIX, isOpenTo, type RestRoute } from "./rest-route.ts";
import { REST_ROUTES } from "./rest-routes.ts";
import type { User } from "./user.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** What there is for a user. */
export function openApi(user: User): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of REST_ROUTES) {
    if (!isOpenTo(user, route)) continue;
    const path = `${API_PREFIX}${route.path.replaceAll(/:(\w+)/g, "{$1}")}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Apium", version },
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: {
        Error: {
          type: "object",
          required: ["error"],
          properties: {
            error: {
              type: "object",
              required: ["code", "message", "correlationId"],
              properties: {
                code: { type: "string", enum: Object.keys(ERRORS) },
                message: { type: "string" },
                fields: {
                  type: "array",
                  items: { type: "object", properties: { field: { type: "string" }, message: { type: "string" } } },
                },
                correlationId: { type: "string" },
              },
            },
          },
        },
      },
    },
    security: [{ bearer: [] }],
  };
}

function operation(route: RestRoute): object {
  const parameters = [
    ...[...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...(route.query ?? []).map((name) => ({ name, in: "query", schema: { type: "string" } })),
    ...(route.takesIdempotencyKey === true
      ? [{ name: "Idempotency-Key", in: "header", schema: { type: "string", maxLength: 255 } }]
      : []),
  ];
  const body = route.body ?? [];
  return {
    operationId: route.action,
    summary: route.summary,
    "x-role": route.role,
    parameters,
    ...(body.length === 0
      ? {}
      : {
          requestBody: {
            content: {
              "application/json": {
                schema: { type: "object", properties: Object.fromEntries(body.map((name) => [name, {}])) },
              },
            },
          },
        }),
    responses: {
      [String(route.status ?? 200)]: { description: "Done", content: { [typeOf(route)]: { schema: {} } } },
      default: {
        description: "Refused or failed",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function typeOf({ answersFile }: RestRoute): string {
  return answersFile === true ? "*/*" : "application/json";
}
