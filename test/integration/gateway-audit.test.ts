/** Who is asking, and who changed what. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type AccountsGateway, startTaskGateway, TOKENS } from "../support/accounts.ts";
import { type Facility, openFacility } from "../support/facility.ts";

let facility: Facility;
let gateway: AccountsGateway;
beforeAll(async () => {
  facility = await openFacility("pglite");
  gateway = await startTaskGateway(facility.backend);
}, 400_000);
afterAll(async () => {
  await gateway.stop();
  await facility.backend.reset();
  await facility.backend.close();
}, 400_000);

test("a token is told who it stands for", async () => {
  const { body } = await gateway.ask(TOKENS.operator, "GET", "/me");
  expect(body).toEqual({ name: expect.stringMatching(/^operator:/), role: "operator", clientId: null, personId: null });
  const clientId = await facility.makeClient();
  const made = await gateway.ask(TOKENS.admin, "POST", "/accounts/tokens", { name: "x", role: "viewer", clientId });
  expect((await gateway.ask(made.body.token, "GET", "/me")).body).toMatchObject({ role: "viewer", clientId });
});

test("the audit lists changes, newest first, a page at a time, to operators", async () => {
  for (const name of ["a", "b", "c"]) {
    await gateway.ask(TOKENS.admin, "POST", "/accounts/tokens", { name, role: "viewer" });
  }
  const page = await gateway.ask(TOKENS.operator, "GET", "/audit?action=token.&limit=2");
  expect(page.body.items.map(({ details }: { details: { name: string } }) => details.name)).toEqual(["c", "b"]);
  const next = await gateway.ask(TOKENS.operator, "GET", `/audit?action=token.&cursor=${page.body.nextCursor}`);
  expect(next.body.items[0]).toMatchObject({ action: "token.create", role: "admin", details: { name: "a" } });
  expect((await gateway.ask(TOKENS.viewer, "GET", "/audit")).status).toBe(403);
  expect((await gateway.ask(TOKENS.operator, "GET", "/audit?since=yesterday")).status).toBe(422);
});

test("the audit is asked by who, in whole or up to a colon, by what and by when", async () => {
  const at = (second: number) => `2020-01-01T00:00:0${second}Z`;
  const actors = ["session:operator:9ebdc3", "session:operators", "operator:9ebdc3", "session:operator:1"];
  for (const [second, actor] of actors.entries()) {
    await facility.backend.database.query(
      "insert into audit (at, actor, role, action, target) values ($1::timestamptz, $2, 'operator', 'seen', $3)",
      [at(second), actor, `t${second}`],
    );
  }
  const seen = async (query: string) => {
    const { status, body } = await gateway.ask(TOKENS.operator, "GET", `/audit?action=seen&${query}`);
    return [status, ...(body.items ?? []).map(({ target }: { target: string }) => target)];
  };
  expect(await seen("actor=session:operator")).toEqual([200, "t3", "t0"]);
  expect(await seen("actor=session:operator:9ebdc3")).toEqual([200, "t0"]);
  expect(await seen("actor=session:oper")).toEqual([200]);
  expect(await seen("actor=operator")).toEqual([200, "t2"]);
  expect(await seen("target=t1")).toEqual([200, "t1"]);
  expect(await seen(`since=${at(1)}&until=${at(3)}`)).toEqual([200, "t2", "t1"]);
  expect((await seen("until=tomorrow"))[0]).toBe(422);
});
