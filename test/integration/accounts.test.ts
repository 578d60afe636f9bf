/** Tokens of clients and people with passwords, through a real gateway: what they may, what they see, and when it ends. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ACCOUNT_ROUTES } from "../../services/gateway/account-routes.ts";
import { LoginGuard } from "../../services/login-guard.ts";
import { type AccountsGateway, startAccountsGateway, TOKENS } from "../support/accounts.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { OF_ACCOUNTS, waitForAnswers } from "../support/patient-broker.ts";

const PASSWORD = "correct horse battery";
const MINUTE_MS = 60_000;

/** What an asker of a client may not reach of another's is asked below, action by action. */
test("every action behind a route is asked", () => {
  const asked = ["createToken", "listTokens", "me", "revokeToken", "setPassword"];
  expect(ACCOUNT_ROUTES.map(({ action }) => action).sort()).toEqual(asked.map((action) => `accounts.${action}`));
});

describe.each(availableBackends().filter((name) => name !== "jetstream"))("accounts on %s", (name) => {
  let facility: Facility;
  let gateway: AccountsGateway;
  let own: { siteId: number; clientId: number };
  let other: { siteId: number; clientId: number };
  let made = 0;

  beforeAll(async () => {
    facility = await openFacility(name);
    own = await makeClient();
    other = await makeClient();
  }, 400_000);
  beforeEach(async () => {
    gateway = await startAccountsGateway(facility.backend);
    waitForAnswers(gateway.broker, OF_ACCOUNTS);
  }, 400_000);
  afterEach(async () => {
    await facility.backend.reset();
    await gateway.stop();
  }, 400_000);
  afterAll(() => facility.backend.close());

  async function makeClient() {
    const siteId = await facility.makeSite();
    return { siteId, clientId: await facility.clientOf(siteId) };
  }

  async function makeToken(given: object, as: string = TOKENS.admin): Promise<{ id: number; token: string }> {
    const { status, body } = await gateway.ask(as, "POST", "/accounts/tokens", { name: "of the test", ...given });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body;
  }

  /** Somebody with a login and a password. */
  async function makeLogin(columns: object = {}): Promise<{ id: number; loginId: string; password: string }> {
    const loginId = `login-${++made}`;
    const id = await facility.makePerson(own.siteId, { login_id: loginId, ...columns });
    const { status } = await gateway.ask(TOKENS.admin, "POST", `/people/${id}/password`, { password: PASSWORD });
    if (status !== 200) throw new Error(`no password: ${status}`);
    return { id, loginId, password: PASSWORD };
  }

  const sitesOf = async (as: string | { cookie: string }): Promise<number[]> =>
    (await gateway.ask(as, "GET", "/sites?limit=500")).body.items.map(({ id }: { id: number }) => id);
  const unauthenticated = { status: 401, body: { error: { code: "UNAUTHENTICATED" } } };

  describe("a token", () => {
    test("of a client sees the client's rows and makes rows of the client", async () => {
      const { token } = await makeToken({ role: "admin", clientId: own.clientId });
      expect(token).toMatch(/^apium_[A-Za-z0-9_-]{43}$/);
      expect(await sitesOf(token)).toEqual([own.siteId]);
      expect(await sitesOf(TOKENS.viewer)).toEqual(expect.arrayContaining([own.siteId, other.siteId]));
      expect(await gateway.ask(token, "GET", `/sites/${other.siteId}`)).toMatchObject({ status: 404 });
      const group = await gateway.ask(token, "POST", "/groups", { name: "Night shift" });
      expect(group).toMatchObject({ status: 201, body: { clientId: own.clientId } });
    });

    test("is shown once, and kept as a hash", async () => {
      const { id, token } = await makeToken({ role: "viewer" });
      const { items } = (await gateway.ask(TOKENS.admin, "GET", "/accounts/tokens?limit=500")).body;
      expect(items.find((item: { id: number }) => item.id === id)).toEqual({
        ...{ id, name: "of the test", role: "viewer", clientId: null, personId: null },
        createdBy: expect.stringMatching(/^admin:[0-9a-f]{6}$/),
        createdAt: expect.stringMatching(/Z$/),
        ...{ lastUsedAt: null, expiresAt: null, revokedAt: null },
      });
      const tables = [await facility.all("select * from api_token"), await facility.all("select * from audit")];
      expect(JSON.stringify(tables)).not.toContain(token.slice(6));
    });

    test("of the whole system sees all, and its name is in the audit", async () => {
      const { id, token } = await makeToken({ role: "admin", name: "importer" });
      expect(await sitesOf(token)).toEqual(expect.arrayContaining([own.siteId, other.siteId]));
      const { id: another } = await makeToken({ role: "viewer" }, token);
      const { actor } = await facility.one<{ actor: string }>(
        "select actor from audit where action = 'token.create' and target = $1",
        [String(another)],
      );
      expect(actor).toBe(`token:${id} importer`);
    });

    test("that is revoked, expired, unknown or its person's who was disabled is refused in the same words", async () => {
      const revoked = await makeToken({ role: "viewer" });
      const personId = await facility.makePerson(own.siteId);
      const persons = await makeToken({ role: "viewer", personId });
      const expiring = await makeToken({ role: "viewer", expiresAt: new Date(Date.now() + 20_000).toISOString() });
      for (const { token } of [expiring, revoked, persons]) expect(await sitesOf(token)).toContain(own.siteId);
      const ended = await gateway.ask(TOKENS.admin, "DELETE", `/accounts/tokens/${revoked.id}`);
      expect(ended).toMatchObject({ status: 200, body: { id: revoked.id, revokedAt: expect.any(String) } });
      const bodies = [];
      bodies.push(await gateway.ask(revoked.token, "GET", "/sites")); // at once, at the gateway that revoked
      gateway.clock.aheadMs += 20_000; // on the dot, though it is remembered for longer
      bodies.push(await gateway.ask(expiring.token, "GET", "/sites"));
      await facility.database.query("update person set enabled = false where id = $1", [personId]);
      gateway.clock.aheadMs += 10_000;
      bodies.push(await gateway.ask(persons.token, "GET", "/sites"));
      bodies.push(await gateway.ask(`apium_${"x".repeat(43)}`, "GET", "/sites"));
      bodies.push(await gateway.ask("of no form at all", "GET", "/sites"));
      for (const answer of bodies) {
        expect(answer).toMatchObject(unauthenticated);
        expect(answer.body.error.message).toBe(bodies[0]?.body.error.message);
      }
    });

    test("of a client that was disabled is refused", async () => {
      const { siteId, clientId } = await makeClient();
      const { token } = await makeToken({ role: "viewer", clientId });
      expect(await sitesOf(token)).toEqual([siteId]);
      await facility.database.query("update site set enabled = false where id = $1", [clientId]);
      gateway.clock.aheadMs += 30_000;
      expect(await gateway.ask(token, "GET", "/sites")).toMatchObject(unauthenticated);
    });

    test("says when it was used, to the minute", async () => {
      const { id, token } = await makeToken({ role: "viewer" });
      const used = async () =>
        (await facility.one<{ at: string }>("select last_used_at::text as at from api_token where id = $1", [id])).at;
      await sitesOf(token);
      const first = await used();
      expect(first).not.toBeNull();
      gateway.clock.aheadMs += MINUTE_MS / 2 + 1;
      await sitesOf(token);
      expect(await used()).toBe(first);
      gateway.clock.aheadMs += MINUTE_MS / 2;
      await sitesOf(token);
      expect(await used()).not.toBe(first);
    });

    test("of a person does things in the person's name", async () => {
      const personId = await facility.makePerson(own.siteId);
      const { token } = await makeToken({ role: "operator", personId });
      const asset = await facility.makeAsset(own.siteId);
      const changed = await gateway.ask(token, "PATCH", `/assets/${asset}`, { runningStatus: "STANDBY" });
      expect(changed.status).toBe(200);
      const log = await facility.one("select person_id from asset_log where asset_id = $1", [asset]);
      expect(log).toEqual({ person_id: personId });
    });

    test("that is a session ends with the token", async () => {
      const { id, token } = await makeToken({ role: "viewer", clientId: own.clientId });
      const session = await gateway.cookieOf({ token });
      expect(await sitesOf(session)).toEqual([own.siteId]);
      await gateway.ask(TOKENS.admin, "DELETE", `/accounts/tokens/${id}`);
      expect(await gateway.ask(session, "GET", "/sites")).toMatchObject(unauthenticated);
    });
  });

  describe("nobody grants more than they have", () => {
    test("only an admin makes, lists and revokes tokens, and sets passwords", async () => {
      const person = await facility.makePerson(own.siteId, { login_id: "somebody" });
      const { id, token } = await makeToken({ role: "operator", clientId: own.clientId });
      for (const as of [token, TOKENS.operator]) {
        for (const [method, path, body] of [
          ["POST", "/accounts/tokens", { name: "x", role: "viewer" }],
          ["GET", "/accounts/tokens", undefined],
          ["DELETE", `/accounts/tokens/${id}`, undefined],
          ["POST", `/people/${person}/password`, { password: PASSWORD }],
        ] as const) {
          expect(await gateway.ask(as, method, path, body)).toMatchObject({ status: 403 });
        }
      }
      // Over the bus the gateway is not in between.
      const meta = { user: { name: "x", role: "operator", clientId: own.clientId } };
      for (const action of ["createToken", "listTokens", "revokeToken", "setPassword"]) {
        await expect(gateway.call(`accounts.${action}`, {}, meta)).rejects.toMatchObject({ code: "FORBIDDEN" });
      }
    });

    test("an admin of a client has the client's tokens alone", async () => {
      const { id, token: admin } = await makeToken({ role: "admin", clientId: own.clientId });
      const foreign = await makeToken({ role: "viewer", clientId: other.clientId });
      const system = await makeToken({ role: "viewer" });
      const created = await gateway.ask(admin, "POST", "/accounts/tokens", { name: "theirs", role: "admin" });
      expect(created).toMatchObject({ status: 201, body: { clientId: own.clientId } });
      const { items } = (await gateway.ask(admin, "GET", "/accounts/tokens?limit=500")).body;
      expect(new Set(items.map(({ clientId }: { clientId: number }) => clientId))).toEqual(new Set([own.clientId]));
      expect(items.map((item: { id: number }) => item.id)).toEqual(expect.arrayContaining([id, created.body.id]));
      const asked = await gateway.ask(admin, "GET", `/accounts/tokens?clientId=${other.clientId}`);
      expect(asked.body.items).toEqual([]);
      for (const row of [foreign, system]) {
        expect(await gateway.ask(admin, "DELETE", `/accounts/tokens/${row.id}`)).toMatchObject({ status: 404 });
        expect((await gateway.ask(row.token, "GET", "/sites")).status).toBe(200);
      }
    });

    test.each([
      ["another client", "clientId", () => ({ clientId: other.clientId })],
      ["a person of another client", "personId", async () => ({ personId: await facility.makePerson(other.siteId) })],
      ["a site that is no client", "clientId", () => ({ clientId: own.siteId })],
      ["a person nobody knows", "personId", () => ({ personId: 999_999_999 })],
      ["an end that has passed", "expiresAt", () => ({ expiresAt: "2020-01-01T00:00:00Z" })],
      ["a role there is not", "role", () => ({ role: "root" })],
    ])("an admin of a client makes no token of %s", async (_what, field, given) => {
      const { token } = await makeToken({ role: "admin", clientId: own.clientId });
      const refused = await gateway.ask(token, "POST", "/accounts/tokens", {
        ...{ name: "x", role: "viewer" },
        ...(await given()),
      });
      expect(refused).toMatchObject({ status: 422, body: { error: { fields: [{ field }] } } });
    });

    test("a person's token is of the person's client, whoever makes it", async () => {
      const personId = await facility.makePerson(other.siteId);
      const { token } = await makeToken({ role: "admin", personId });
      expect(await sitesOf(token)).toEqual([other.siteId]);
      const mixed = { name: "x", role: "viewer", personId, clientId: own.clientId };
      expect(await gateway.ask(TOKENS.admin, "POST", "/accounts/tokens", mixed)).toMatchObject({ status: 422 });
      const nobodys = await facility.makePerson(own.siteId, { client_id: null });
      const refused = await gateway.ask(TOKENS.admin, "POST", "/accounts/tokens", {
        ...{ name: "x", role: "viewer", personId: nobodys },
      });
      expect(refused).toMatchObject({ status: 422, body: { error: { fields: [{ field: "personId" }] } } });
    });

    test("an admin of a client sets the passwords of the client's people alone", async () => {
      const { token } = await makeToken({ role: "admin", clientId: own.clientId });
      const foreign = await facility.makePerson(other.siteId, { login_id: `foreign-${name}` });
      const refused = await gateway.ask(token, "POST", `/people/${foreign}/password`, { password: PASSWORD });
      expect(refused).toMatchObject({ status: 404 });
      expect(await facility.all("select 1 from person_password where person_id = $1", [foreign])).toEqual([]);
      const mine = await facility.makePerson(own.siteId, { login_id: `mine-${name}` });
      const set = await gateway.ask(token, "POST", `/people/${mine}/password`, { password: PASSWORD });
      expect(set).toMatchObject({ status: 200, body: { id: mine, changedAt: expect.any(String) } });
      expect(JSON.stringify(set.body)).not.toContain("scrypt");
    });
  });

  describe("a person", () => {
    test("signs in with login and password, as somebody of their client", async () => {
      const { id, loginId, password } = await makeLogin();
      const session = await gateway.cookieOf({ loginId, password });
      expect(await sitesOf(session)).toEqual([own.siteId]);
      expect((await gateway.ask(session, "POST", "/groups", { name: "x" })).status).toBe(403); // a viewer
      const boss = await makeLogin({ is_admin: true });
      const steering = await gateway.cookieOf({ loginId: boss.loginId, password: boss.password });
      const asset = await facility.makeAsset(own.siteId);
      await gateway.ask(steering, "PATCH", `/assets/${asset}`, { runningStatus: "STANDBY" });
      const log = await facility.one("select person_id from asset_log where asset_id = $1", [asset]);
      expect(log).toEqual({ person_id: boss.id });
      expect(boss.id).not.toBe(id);
      expect((await gateway.ask(steering, "GET", "/accounts/tokens")).status).toBe(403); // an operator
    });

    test.each([
      ["a wrong password", {}, (login: { loginId: string }) => ({ ...login, password: "wrong" })],
      ["another's login", {}, () => ({ loginId: "nobody-at-all", password: PASSWORD })],
      ["no password", {}, ({ loginId }: { loginId: string }) => ({ loginId })],
      ["a password that is too long to be one", {}, (login: object) => ({ ...login, password: "x".repeat(5_000) })],
      ["a person who is disabled", { enabled: false }, (login: object) => login],
      ["a person who is not verified", { is_verified: false }, (login: object) => login],
    ])("is not let in with %s", async (_what, columns, form) => {
      const { loginId, password } = await makeLogin(columns);
      const response = await gateway.login(form({ loginId, password } as never) as Record<string, string>);
      expect([response.status, response.headers.get("location"), response.headers.get("set-cookie")]).toEqual([
        303,
        "/login?again",
        null,
      ]);
    });

    test("of no client is not let in: that would be the whole system", async () => {
      const { id, loginId, password } = await makeLogin();
      const session = await gateway.cookieOf({ loginId, password });
      await facility.database.query("update person set client_id = null where id = $1", [id]);
      expect((await gateway.login({ loginId, password })).headers.get("location")).toBe("/login?again");
      gateway.clock.aheadMs += 30_000;
      expect(await gateway.ask(session, "GET", "/sites")).toMatchObject(unauthenticated);
      const refused = await gateway.ask(TOKENS.admin, "POST", `/people/${id}/password`, { password: PASSWORD });
      expect(refused).toMatchObject({ status: 422 });
    });

    test("is out within half a minute of being disabled, and loses what the role loses", async () => {
      const boss = await makeLogin({ is_admin: true });
      const session = await gateway.cookieOf({ loginId: boss.loginId, password: boss.password });
      expect((await gateway.ask(session, "POST", "/groups", { name: `of ${boss.loginId}` })).status).toBe(201);
      await facility.database.query("update person set is_admin = false where id = $1", [boss.id]);
      gateway.clock.aheadMs += 30_000;
      expect((await gateway.ask(session, "POST", "/groups", { name: "another" })).status).toBe(403);
      await facility.database.query("update person set enabled = false where id = $1", [boss.id]);
      gateway.clock.aheadMs += 30_000;
      expect(await gateway.ask(session, "GET", "/sites")).toMatchObject(unauthenticated);
    });

    test("has to sign in anew when the password was changed", async () => {
      const { id, loginId, password } = await makeLogin();
      const session = await gateway.cookieOf({ loginId, password });
      expect(await sitesOf(session)).toEqual([own.siteId]);
      await gateway.ask(TOKENS.admin, "POST", `/people/${id}/password`, { password: "another one, and longer" });
      expect(await gateway.ask(session, "GET", "/sites")).toMatchObject(unauthenticated);
      expect((await gateway.login({ loginId, password })).headers.get("location")).toBe("/login?again");
      await gateway.cookieOf({ loginId, password: "another one, and longer" });
      const kept = await facility.one<{ hash: string }>("select hash from person_password where person_id = $1", [id]);
      expect(kept.hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    });

    test("gets no password without a login, or one that is too short", async () => {
      const id = await facility.makePerson(own.siteId);
      const set = (password: string) => gateway.ask(TOKENS.admin, "POST", `/people/${id}/password`, { password });
      expect(await set(PASSWORD)).toMatchObject({ status: 422, body: { error: { fields: [{ field: "id" }] } } });
      expect(await set("short")).toMatchObject({ status: 422, body: { error: { fields: [{ field: "password" }] } } });
    });

    test("is guessed at ten times from an address, also when all guesses come at once", async () => {
      const { loginId, password } = await makeLogin();
      const statuses: number[] = [];
      while (!statuses.includes(429)) {
        const guesses = Array.from({ length: 30 }, (_, n) => gateway.login({ loginId, password: `guess ${n}` }));
        statuses.push(...(await Promise.all(guesses)).map(({ status }) => status));
      }
      const tried = statuses.filter((status) => status === 303).length;
      expect(tried).toBeGreaterThanOrEqual(10);
      expect(tried).toBeLessThanOrEqual(11); // two are checked at a time
      expect(statuses.filter((status) => status === 429)).toHaveLength(statuses.length - tried);
      expect((await gateway.login({ loginId, password })).status).toBe(429);
      expect((await gateway.login({ token: TOKENS.viewer })).status).toBe(429);
    }, 180_000);

    test("is guessed at fifty times from everywhere, and others sign in meanwhile", async () => {
      const guard = new LoginGuard(gateway.cache);
      for (let n = 0; n < 49; n += 1) await guard.failed(`10.0.0.${n}`, "guessed-at");
      await guard.refuseGuessing("10.0.1.1", "guessed-at");
      await guard.failed("10.0.1.0", "guessed-at");
      await expect(guard.refuseGuessing("10.0.1.1", "guessed-at")).rejects.toMatchObject({ code: "TOO_MANY_ATTEMPTS" });
      await guard.refuseGuessing("10.0.1.1", "somebody-else");
      expect((await gateway.login({ loginId: "guessed-at", password: PASSWORD })).status).toBe(429);
    });

    test("cannot be told from nobody by the time it takes", async () => {
      const { loginId, password } = await makeLogin();
      const took = async (params: object) => {
        const began = performance.now();
        expect(await gateway.call("accounts.ofPassword", params)).toBeNull();
        return performance.now() - began;
      };
      // What else the machine does only adds: the least of many is what it takes.
      let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      const areAlike = () => unknown / known > 0.6 && unknown / known < 1.7;
      for (let n = 0; n < 60 && (n < 5 || !areAlike()); n += 1) {
        known = Math.min(known, await took({ loginId, password: `${password}!` }));
        unknown = Math.min(unknown, await took({ loginId: "nobody-at-all", password }));
      }
      expect(known).toBeGreaterThan(20);
      expect(unknown / known).toBeGreaterThan(0.6);
      expect(unknown / known).toBeLessThan(1.7);
    }, 180_000);

    test("cannot be signed in from another site's page", async () => {
      const { loginId, password } = await makeLogin();
      const response = await gateway.login({ loginId, password }, { Origin: "https://evil.example" });
      expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
    });
  });
});
