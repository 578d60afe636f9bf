// docs/reference/rest.md, from the gateway's route tables.
import { FLOWER_ENDPOINTS } from "../services/gateway/flower/flower-endpoints.ts";
import { GRAPHQL_PREFIXES, OUTSIDE_PATHS, type OutsidePath } from "../services/gateway/outside-paths.ts";
import { PAGES } from "../services/gateway/pages.ts";
import { API_PREFIX, PERSON, type RestRoute } from "../services/gateway/rest-route.ts";
import { REST_ROUTES } from "../services/gateway/rest-routes.ts";
import { code, codes, page, table } from "./references/markdown.ts";

const INTRODUCTION = `Addresses stand below \`${API_PREFIX}\`. Whoever asks carries a token (\`Authorization: Bearer …\`) or a session. A *role* may do what
it needs and what lesser roles need: viewer, operator, admin; \`${PERSON}\` is a phone's, and nothing else's. Everything is there for
operators of the whole system; *also for* says who else may use it: *clients* are people and tokens of one client, who see and
change what is their client's; *phones* are people with their phone's token.

- Bodies are JSON objects of up to 1 MB (\`Content-Type: application/json\`). Fields and parameters that are not named here are
  refused. Fields are camelCase, instants ISO 8601 in UTC. What a field may hold is said in the refusal's \`fields\`.
- Lists answer \`{ items, nextCursor }\`; \`?cursor=\` takes the \`nextCursor\` of the page before, \`null\` is the end.
- Every answer has \`X-Correlation-Id\`: the request's own, or a new one. It goes along into tasks and logs. A 201 has \`Location\`.
- \`GET /openapi.json\` is this page for machines.`;

const ERRORS = `Every refusal has the same form, with a [code](errors.md) and no internals:

\`\`\`json
{
  "error": {
    "code": "PARAMS_INVALID",
    "message": "the request is not valid",
    "fields": [{ "field": "siteId", "message": "there is no site 9" }],
    "correlationId": "0f1c8a3e-…"
  }
}
\`\`\`

\`fields\` is there where something can be named; \`details\` with \`UNIQUE_KEY_CONFLICT\` (the holder), \`TASK_FAILED\` and
\`WAIT_TIMEOUT\` (the task). A 401 has \`WWW-Authenticate\`, a 405 \`Allow\`, a 503 \`Retry-After\`. GraphQL has its own form:
\`{ errors: [{ message, extensions: { code, fields?, correlationId } }] }\`.`;

export function restReference(): string {
  const families = Map.groupBy(REST_ROUTES, ({ action }) => action.split(".")[0] ?? "");
  return page("REST", "the route tables of `services/gateway`", [
    INTRODUCTION,
    "## Errors",
    ERRORS,
    ...[...families].flatMap(([service, routes]) => [`## ${service}`, familyTable(routes)]),
    "## Outside the prefix",
    outsideTable(),
    "## Flower",
    "For scripts that were written for Flower, in its shapes. The token comes as a bearer's or as the password of basic\nauthentication; parameters come in the query, as JSON or as a form.",
    table(
      ["endpoint", "role", "what"],
      FLOWER_ENDPOINTS.map(({ method, path, role, summary }) => [code(`${method} /api${path}`), role, summary]),
    ),
  ]);
}

function familyTable(routes: readonly RestRoute[]): string {
  return table(
    ["endpoint", "role", "also for", "status", "parameters", "what"],
    routes.map((route) => [
      code(`${route.method} ${route.path}`),
      route.role,
      [...(route.isOfClient ? ["clients"] : []), ...(route.isForPhones ? ["phones"] : [])].join(", "),
      String(route.status ?? 200),
      parametersText(route),
      route.answersFile ? `${route.summary} The answer is a file.` : route.summary,
    ]),
  );
}

function parametersText({ query, body, takesFile }: Pick<RestRoute, "query" | "body" | "takesFile">): string {
  return [
    query === undefined ? "" : `query ${codes(query)}`,
    body === undefined ? "" : `body ${codes(body)}`,
    takesFile ? "body: the file" : "",
  ]
    .filter((part) => part !== "")
    .join("; ");
}

function outsideTable(): string {
  const paths = Object.entries<OutsidePath>(OUTSIDE_PATHS).map(([address, path]) => [
    code(address),
    path.role,
    parametersText(path as Pick<RestRoute, "query" | "body">),
    path.summary,
  ]);
  const graphql = GRAPHQL_PREFIXES.map((prefix) => [
    code(`POST ${prefix === "/" ? "" : prefix}/graphql`),
    `${PERSON}, or nobody to sign in`,
    `body ${codes(["query", "variables", "operationName"])}`,
    "GraphQL for [phones](../mobile.md).",
  ]);
  const pages = PAGES.map((path) => [
    code(`GET ${path}`),
    "a session",
    path === "/" ? `query ${codes(["token"])}` : "",
    path === "/" ? "The dashboard; a token in the address begins a session and is taken out of it." : "A page of it.",
  ]);
  return table(["endpoint", "role", "parameters", "what"], [...paths, ...graphql, ...pages]);
}
