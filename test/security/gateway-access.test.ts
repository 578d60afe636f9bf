/** Who may do what at the gateway: generated from the route table, so that a new route cannot be forgotten. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mayDo, ROLES, type Role } from "../../services/gateway/rest-route.ts";
import { REST_ROUTES } from "../../services/gateway/rest-routes.ts";
import { type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKENS: Readonly<Record<Role, string>> = {
  viewer: "viewer-token-of-the-test",
  operator: "operator-token-of-the-test",
  admin: "admin-token-of-the-test-suite",
};
const CANARY = "s3cret-canary-in-a-password";

describe("the gateway", () => {
  const folder = temporaryFolder();
  let program: Program;
  beforeAll(async () => {
    program = await start({
      DATA_DIR: folder.path,
      API_TOKENS: ROLES.map((role) => `${role}:${TOKENS[role]}`).join(","),
      SMTP_URL: `smtp://user:${CANARY}@127.0.0.1:1`,
    });
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    folder.remove();
  }, 400_000);

  const ask = (method: string, path: string, init: { headers?: Record<string, string>; body?: string } = {}) =>
    fetch(`${program.url}${path}`, { method, redirect: "manual", ...init });
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const json = { "Content-Type": "application/json" };

  describe.each(REST_ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))("%s", (_name, route) => {
    const path = `/api/v1${route.path.replace(/:\w+/, "0190aaaa-0000-7000-8000-000000000000")}`;
    const withBody = route.method === "GET" ? {} : { body: "{}" };

    test.each(["no token", "a wrong token", "another scheme"])("refuses %s", async (kind) => {
      const headers: Record<string, string> = {
        ...json,
        ...(kind === "a wrong token" ? bearer("not-a-token-of-this-system") : {}),
        ...(kind === "another scheme" ? { Authorization: `Basic ${btoa(`admin:${TOKENS.admin}`)}` } : {}),
      };
      const response = await ask(route.method, path, { headers, ...withBody });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({
        error: { code: "UNAUTHENTICATED", correlationId: expect.any(String) },
      });
    });

    test.each(ROLES)("answers %s as its role says", async (role) => {
      const response = await ask(route.method, path, { headers: { ...json, ...bearer(TOKENS[role]) }, ...withBody });
      const text = await response.text();
      if (mayDo(role, route.role)) expect([401, 403]).not.toContain(response.status);
      else expect(response.status).toBe(403);
      expect(response.status).toBeLessThan(500);
      expect(text).not.toContain(CANARY);
      expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    });
  });

  test.each([
    "/api/v1/~node/list",
    "/api/v1/$node/list",
    "/api/v1/tasks.enqueue",
    "/api/tasks.enqueue",
    "/tasks.list",
    "/~node/health",
    "/api/v1/gateway/listAliases",
    "/api/v1/tickets/mailFacts/x",
    "/assets/../main.ts",
    "/package.json",
  ])("shows nothing at %s, even to an admin", async (path) => {
    for (const method of ["GET", "POST"]) {
      const response = await ask(method, path, {
        headers: { ...json, ...bearer(TOKENS.admin) },
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: "NOT_FOUND" } });
    }
  });

  test("is alive and ready without a token, and shows pages only to those who signed in", async () => {
    await expect(ask("GET", "/healthz").then((response) => response.status)).resolves.toBe(200);
    await expect(ask("GET", "/readyz").then((response) => response.status)).resolves.toBe(200);
    // Flower's name of it, for health checks that were written for Flower.
    const flowers = await ask("GET", "/healthcheck");
    expect([flowers.status, await flowers.json()]).toEqual([200, { status: "alive" }]);
    await expect(ask("GET", "/login").then((response) => response.status)).resolves.toBe(200);
    for (const path of ["/", "/tasks"]) {
      const response = await ask("GET", path, { headers: { Accept: "text/html" } });
      expect([response.status, response.headers.get("location")]).toEqual([303, "/login"]);
    }
    await expect(ask("GET", "/assets/0123456789-app.js").then((response) => response.status)).resolves.toBe(401);
    await expect(ask("GET", "/openapi.json").then((response) => response.status)).resolves.toBe(401);
    const api = await ask("GET", "/openapi.json", { headers: bearer(TOKENS.viewer) });
    expect(Object.keys(((await api.json()) as { paths: object }).paths)).toContain("/api/v1/tasks/{id}");
  });

  test.each([
    ["/login", 1_000_000],
    ["/login", 17_000],
    ["/logout", 17_000],
  ])("reads no large body of a stranger: POST %s with %i bytes", async (path, bytes) => {
    const response = await ask("POST", path, { headers: json, body: JSON.stringify({ token: "x".repeat(bytes) }) });
    expect([response.status, await response.json()]).toMatchObject([413, { error: { code: "REQUEST_TOO_LARGE" } }]);
  });

  test("refuses a session that acts from another origin, and takes it from its own", async () => {
    const login = await ask("POST", "/login", {
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: `token=${TOKENS.operator}`,
    });
    const cookie = login.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const session = { Cookie: cookie.split(";")[0] ?? "" };
    const pause = (headers: Record<string, string>) =>
      ask("POST", "/api/v1/queues/reports/pause", { headers: { ...json, ...session, ...headers }, body: "{}" });
    await expect(pause({ Origin: "https://evil.example" }).then((response) => response.status)).resolves.toBe(403);
    await expect(pause({}).then((response) => response.status)).resolves.toBe(403);
    await expect(pause({ Origin: program.url }).then((response) => response.status)).resolves.toBe(200);
    const forged = `${session.Cookie.slice(0, -4)}AAAA`;
    const refused = await ask("GET", "/api/v1/queues", { headers: { Cookie: forged } });
    expect(refused.status).toBe(401);
    const wrong = await ask("POST", "/login", {
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: "token=guess",
    });
    expect([wrong.status, wrong.headers.get("location"), wrong.headers.get("set-cookie")]).toEqual([
      303,
      "/login?again",
      null,
    ]);
  });

  test.each([
    ["bad JSON", { body: '{"name":' }, 400, "REQUEST_MALFORMED"],
    ["no JSON at all", { body: "name=x", headers: { "Content-Type": "text/plain" } }, 400, "REQUEST_MALFORMED"],
    ["a body over a megabyte", { body: JSON.stringify({ name: "x".repeat(2_000_000) }) }, 413, "REQUEST_TOO_LARGE"],
    ["a task nobody defined", { body: '{"name":"nothing"}' }, 404, "TASK_UNKNOWN"],
    ["wrong parameters", { body: '{"name":"send_ticket_email","params":{"ticketId":"x"}}' }, 422, "PARAMS_INVALID"],
    [
      "wrong options",
      { body: '{"name":"process_large_dataset","params":{"datasetId":1},"options":{"priority":99}}' },
      422,
      "OPTIONS_INVALID",
    ],
    ["an unknown field", { body: '{"name":"send_ticket_email","when":"now"}' }, 422, "PARAMS_INVALID"],
    [
      "parameters over their size",
      {
        body: JSON.stringify({
          name: "process_chunk",
          params: { datasetId: 1, start: 0, end: 1, pad: "x".repeat(300_000) },
        }),
      },
      202,
      undefined,
    ],
    [
      "a poisoned prototype",
      { body: '{"name":"process_large_dataset","params":{"datasetId":1,"__proto__":{"polluted":1}}}' },
      202,
      undefined,
    ],
  ])("answers %s with a clear error", async (_what, init, status, code) => {
    const response = await ask("POST", "/api/v1/tasks", {
      ...init,
      headers: { ...json, ...bearer(TOKENS.operator), ...("headers" in init ? init.headers : {}) },
    });
    const body = (await response.json()) as { error?: { code: string; fields?: unknown[] } };
    expect([response.status, body.error?.code]).toEqual([status, code]);
    if (code === "PARAMS_INVALID" || code === "OPTIONS_INVALID") expect(body.error?.fields?.length).toBeGreaterThan(0);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("keeps a correlation id that it is given, if it is one", async () => {
    const kept = await ask("GET", "/healthz", { headers: { "X-Correlation-Id": "order-17" } });
    expect(kept.headers.get("x-correlation-id")).toBe("order-17");
    const replaced = await ask("GET", "/healthz", { headers: { "X-Correlation-Id": "<script>" } });
    expect(replaced.headers.get("x-correlation-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("leaves no secret in its log", () => {
    for (const secret of [CANARY, ...Object.values(TOKENS)]) expect(program.output()).not.toContain(secret);
  });
});
