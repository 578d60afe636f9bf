/**
 * Each change leaves a row in the audit. Generated from the route table: a new route is tried here or in the parity table, or
 * stands below with the reason why it leaves none.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { FACILITY_KINDS, KINDS } from "../../dashboard/pages/audit/kinds.ts";
import { PARITY } from "../../docs/parity/table.ts";
import { datasetsModule } from "../../services/datasets/index.ts";
import { emailModule } from "../../services/email/index.ts";
import { escalationModule } from "../../services/escalation/index.ts";
import { REST_ROUTES } from "../../services/gateway/rest-routes.ts";
import { importsModule } from "../../services/imports/index.ts";
import { IMPORTERS } from "../../services/index.ts";
import { jobsModule } from "../../services/jobs/index.ts";
import { mediaModule } from "../../services/media/index.ts";
import { reportsModule } from "../../services/reports/index.ts";
import { workOrdersModule } from "../../services/work-orders/index.ts";
import { type AccountsGateway, startAccountsGateway, TOKENS } from "../support/accounts.ts";
import { eventually } from "../support/backends.ts";
import { CANARY, type Change, changesByRoute, made } from "../support/changes-by-route.ts";
import { type Facility, openFacility } from "../support/facility.ts";

/** What leaves no row, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  "POST /jobs/preview": "it only reads",
  "POST /schedules/preview": "it only reads",
  "POST /mobile/messages/status": "it only reads",
  "POST /mobile/messages": "what phones report is work, kept with who and when in `mobile_message` and in the rooms",
  "POST /imports/:id/rows": "rows wait in their import, a thousand at a time: its order and its end have theirs",
  "POST /cache/watch": "it changes nothing: commands are shown for some seconds",
};

const name = ({ method, path }: { readonly method: string; readonly path: string }) => `${method} ${path}`;
const changing = REST_ROUTES.filter(({ method }) => method !== "GET");
/** Tried by test/integration/parity.test.ts, one row each. */
const inParity = new Set(
  changing
    .filter(({ method, path }) => {
      const request = new RegExp(`^${method} ${path.replaceAll(/:\w+/g, "[^/]+")}$`);
      return PARITY.some(({ rows }) =>
        rows.some(({ rest = "", changes }) => changes !== undefined && request.test(rest.split("?")[0] ?? "")),
      );
    })
    .map(name),
);
const tried = changing.map(name).filter((route) => !inParity.has(route) && !Object.hasOwn(WITHOUT, route));

describe("the audit", () => {
  let facility: Facility;
  let gateway: AccountsGateway;
  let siteId: number;
  let personId: number;
  let changes: ReturnType<typeof changesByRoute>;
  beforeAll(async () => {
    facility = await openFacility("pglite");
    siteId = await facility.makeSite();
    personId = await facility.makePerson(siteId);
    gateway = await startAccountsGateway(facility.backend, {
      modules: [
        ...[jobsModule, escalationModule, importsModule(IMPORTERS), reportsModule, mediaModule],
        ...[workOrdersModule, datasetsModule, emailModule],
      ],
      queues: ["maintenance"],
    });
    changes = changesByRoute({ facility, gateway, siteId, personId });
  }, 400_000);
  afterAll(async () => {
    await gateway.stop();
    await facility.backend.close();
  }, 400_000);

  const clientId = () => facility.clientOf(siteId);
  const make = (path: string, body: object) => made({ gateway }, path, body);
  const last = async () => (await facility.one<{ id: number }>("select coalesce(max(id), 0) as id from audit")).id;
  const since = (id: number) =>
    facility.all<{ target: string }>(
      "select actor, role, action, target, details from audit where id > $1 order by id",
      [id],
    );

  async function send(route: string, { at = {}, query = "", body = {} }: Change): Promise<Response> {
    const [method = "", path = ""] = route.split(" ");
    const address = path.replaceAll(/:(\w+)/g, (_, parameter: string) => String(at[parameter]));
    const isFile = typeof body === "string";
    return fetch(`${gateway.url}/api/v1${address}${query === "" ? "" : `?${query}`}`, {
      method,
      headers: {
        Authorization: `Bearer ${TOKENS.admin}`,
        "Content-Type": isFile ? "application/octet-stream" : "application/json",
      },
      body: isFile ? body : JSON.stringify(body),
    });
  }

  test("is tried of every route that changes something, or a reason is given", () => {
    expect(Object.keys(changes).sort()).toEqual([...tried].sort());
    const known = changing.map(name);
    for (const [route, reason] of Object.entries(WITHOUT)) {
      expect([route, known.includes(route), inParity.has(route)]).toEqual([route, true, false]);
      expect(reason.length).toBeGreaterThan(10);
    }
  });

  test.each(tried)("has one row of %s, which says nothing of what people wrote", async (route) => {
    const change = await changes[route]?.();
    if (change === undefined) throw new Error(`what does ${route} change?`);
    const before = await last();
    const response = await send(route, change);
    const answer = (await response.json()) as { id?: number };
    expect([response.ok, answer]).toEqual([true, answer]);
    const kinds = [...KINDS, ...FACILITY_KINDS].map(([beginning]) => beginning).filter((beginning) => beginning !== "");
    expect(kinds.filter((beginning) => change.action.startsWith(beginning))).toHaveLength(1);
    const rows = await since(before);
    expect(rows).toEqual([
      {
        ...{ actor: expect.stringMatching(/^admin:/), role: "admin", action: change.action },
        ...{
          target: String(Object.values(change.at ?? answer)[0]),
          details: expect.objectContaining(change.shows ?? {}),
        },
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain(CANARY);
  });

  test("has no row of what changed nothing, and none of what was refused", async () => {
    const id = await make("/sites", {
      ...{ code: "WHARF", name: "Wharf", timezone: "UTC" },
      clientId: await clientId(),
    });
    const other = await facility.one<{ code: string }>("select code from site where id = $1", [siteId]);
    const at = { id };
    const before = await last();
    expect((await send("PATCH /sites/:id", { action: "", at, body: { timezone: "UTC" } })).status).toBe(200);
    expect((await send("PATCH /sites/:id", { action: "", at, body: { code: other.code } })).status).toBe(422);
    expect(await since(before)).toEqual([]);
  });

  test("has no row of what a phone reports", async () => {
    const before = await last();
    const user = { name: `person:${personId}`, role: "person", clientId: await clientId(), personId };
    await gateway.call("jobs.startJobneed", { id: await facility.makeJobneed(siteId) }, { user });
    expect(await since(before)).toEqual([]);
  });

  test("has one row of what an import has made, not one of each row in it", async () => {
    const before = await last();
    const id = await make("/imports", { client: await clientCode() });
    const cells = (n: number) => ({ code: `${CANARY}-imported-${n}`, name: CANARY, is_admin: "yes" });
    const rows = [1, 2, 3].map((n) => ({ kind: "people", file: "people.csv", line: n + 1, cells: cells(n) }));
    await make(`/imports/${id}/rows`, { rows });
    await make(`/imports/${id}/run`, {});
    await eventually(async () => (await since(before)).length > 2);
    const [, order, done] = await since(before);
    expect(order).toMatchObject({ action: "import.run", actor: expect.stringMatching(/^admin:/) });
    expect(done).toMatchObject({
      ...{ action: "import.done", actor: expect.stringMatching(/^admin:/), target: String(id) },
      details: { counts: { people: { rows: 3, created: 3 } } },
    });
    expect(await since(before)).toHaveLength(3);
  });

  async function clientCode(): Promise<string> {
    return (await facility.one<{ code: string }>("select code from site where id = $1", [await clientId()])).code;
  }
});
