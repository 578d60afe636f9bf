/**
 * What somebody of a client may not see: the platform. Generated from the route table, against a list of whose each
 * service is, so that a new route is asked too and a new service cannot be forgotten.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ServiceSchema } from "moleculer";
import { REST_ROUTES } from "../../services/gateway/rest-routes.ts";
import { type AccountsGateway, startAccountsGateway, TOKENS } from "../support/accounts.ts";
import { type Facility, openFacility } from "../support/facility.ts";

/** Whose a service's rows are: of clients, each of its own, of one person, or the system's, whose operators steer it. */
const WHOSE: Readonly<Record<string, "client" | "person" | "system">> = {
  accounts: "client",
  escalation: "client",
  facility: "client",
  imports: "client",
  jobs: "client",
  media: "client",
  reports: "client",
  tickets: "client",
  workOrders: "client",
  mobile: "person",
  cache: "system",
  datasets: "system",
  doctor: "system",
  email: "system",
  mqtt: "system",
  scheduler: "system",
  tasks: "system",
};
const REFUSALS: Readonly<Record<string, string>> = {
  system: "this is for operators of the whole system",
  person: "this needs the role person; yours is admin",
};
const REAL = ["accounts", "facility", "tickets", "cache"];

const serviceOf = (action: string) => action.split(".")[0] ?? "";

test("it is known of every route whose it is", () => {
  const wrong = REST_ROUTES.filter(
    ({ action, isOfClient = false }) => isOfClient !== (WHOSE[serviceOf(action)] !== "system"),
  );
  expect(wrong.map(({ action }) => action)).toEqual([]);
  const unknown = REST_ROUTES.filter(({ action }) => !Object.hasOwn(WHOSE, serviceOf(action)));
  expect(unknown.map(({ action }) => action)).toEqual([]);
});

describe("an admin of a client", () => {
  let facility: Facility;
  let gateway: AccountsGateway;
  let token: string;
  let session: { readonly cookie: string };
  const reached: string[] = [];

  /** Services that note who has come through to them. */
  function stands(): ServiceSchema[] {
    const actions = REST_ROUTES.map(({ action }) => action).filter((action) => !REAL.includes(serviceOf(action)));
    return [...new Set(actions.map(serviceOf))].map((name) => ({
      name,
      actions: Object.fromEntries(
        actions
          .filter((action) => serviceOf(action) === name)
          .map((action) => [
            action.slice(name.length + 1),
            ({ meta }: { meta: { user?: { clientId?: number } } }) => {
              reached.push(`${action} ${meta.user?.clientId}`);
              return {};
            },
          ]),
      ),
    }));
  }

  beforeAll(async () => {
    facility = await openFacility("pglite");
    gateway = await startAccountsGateway(facility.backend, { stands: stands() });
    const clientId = await facility.makeClient();
    const made = await gateway.ask(TOKENS.admin, "POST", "/accounts/tokens", { name: "x", role: "admin", clientId });
    token = made.body.token;
    session = await gateway.cookieOf({ token });
  }, 400_000);
  afterAll(async () => {
    await facility.backend.reset();
    await gateway.stop();
    await facility.backend.close();
  }, 400_000);

  describe.each(REST_ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "at %s",
    (_name, route) => {
      const path = route.path.replaceAll(/:\w+/g, "999999999");
      const body = route.method === "GET" || route.method === "DELETE" ? undefined : {};
      const isOpen = WHOSE[serviceOf(route.action)] === "client";

      test.each(["with a token", "with a session"])(`${isOpen ? "is asked in" : "is kept out"} %s`, async (how) => {
        reached.length = 0;
        const answer = await gateway.ask(how === "with a token" ? token : session, route.method, path, body);
        if (isOpen) expect([401, 403, 405, 503]).not.toContain(answer.status);
        else {
          expect(answer).toMatchObject({
            status: 403,
            body: { error: { code: "FORBIDDEN", message: REFUSALS[WHOSE[serviceOf(route.action)] ?? ""] } },
          });
          expect(reached).toEqual([]);
        }
      });
    },
  );

  test("is told of the client's endpoints only", async () => {
    const described = async (as: string) => {
      const response = await fetch(`${gateway.url}/openapi.json`, { headers: { Authorization: `Bearer ${as}` } });
      return Object.keys(((await response.json()) as { paths: object }).paths);
    };
    const all = await described(TOKENS.viewer);
    const theirs = await described(token);
    expect(all).toEqual(expect.arrayContaining(["/api/v1/tasks", "/api/v1/sites"]));
    expect(theirs).toContain("/api/v1/sites");
    expect(theirs.filter((path) => /tasks|queues|workers|dead-letters|schedules|cache|doctor/.test(path))).toEqual(
      theirs.filter((path) => path.startsWith("/api/v1/report-schedules")),
    );
  });
});
