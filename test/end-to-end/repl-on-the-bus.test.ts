/** The REPL on NATS: what is typed there goes past the gateway, and is held to the token's role and name all the same. */
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { connect } from "../../cli/client.ts";
import { askerOf, InTheNameOf } from "../../cli/repl-asker.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import { cacheModule } from "../../services/cache/index.ts";
import { accountsModule } from "../../services/facility/accounts-module.ts";
import { eventually } from "../support/backends.ts";
import { openRepl, type Repl } from "../support/repl.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startNats } from "../support/servers/index.ts";
import { openSmallGateway, type SmallGateway, TOKENS } from "../support/small-gateway.ts";

const WITHIN_MS = 60_000;

describeWith(["nats"], "the REPL on the bus", () => {
  let nats: ServerHandle;
  let gateway: SmallGateway;
  const repls: Repl[] = [];
  const heard: unknown[] = [];

  beforeAll(async () => {
    nats = await startNats();
    gateway = await openSmallGateway({
      natsUrl: nats.url,
      modules: [cacheModule, accountsModule],
      services: [{ name: "listener", tasks: {}, events: { told: (ctx) => void heard.push(ctx.params) } }],
    });
  }, 400_000);
  afterAll(async () => {
    await Promise.all(repls.map((repl) => repl.leave()));
    await gateway?.close();
    await nats?.stop();
  }, 400_000);

  /** Types a line; all that was answered, without the colours that Moleculer insists on. */
  async function typed(repl: Repl, line: string): Promise<string> {
    const { out, error } = await repl.type(line);
    return stripVTControlCharacters(`${out}${error}`);
  }
  async function replOf(role: keyof typeof TOKENS): Promise<(line: string) => Promise<string>> {
    const { url, folder } = gateway;
    const repl = await openRepl({ HOME: folder, APIUM_URL: url, APIUM_TOKEN: TOKENS[role], NATS_URL: nats.url });
    repls.push(repl);
    const type = async (line: string) => typed(repl, line);
    // It knows the others a moment after its prompt is there.
    await eventually(async () => !(await type("call tasks.queues")).includes("not found"), WITHIN_MS);
    return type;
  }
  async function audited(action: string): Promise<readonly object[]> {
    const { rows } = await gateway.backend.database.query<object>(
      "select actor, role, target from audit where action = $1 order by id",
      [action],
    );
    return rows;
  }

  test("an operator's calls are an operator's, in their name", async () => {
    const type = await replOf("operator");
    const operator = { actor: expect.stringMatching(/^operator:[0-9a-f]{6}$/), role: "operator" };
    expect(await type("call tasks.pause --name reports")).toContain("paused: true");
    // A name that is typed is not believed.
    const another = "--#user.name someone --#user.role admin";
    expect(await type(`dcall the-node tasks.resume --name reports ${another}`)).toContain("paused: false");
    expect(await type("call cache.set --key k --value 1")).toContain("stored: true");
    expect(await audited("queue.pause")).toEqual([{ ...operator, target: "reports" }]);
    expect(await audited("queue.resume")).toEqual([{ ...operator, target: "reports" }]);
    expect(await audited("cache.set")).toEqual([{ ...operator, target: "k" }]);
    // What only admins may over HTTP, what is for services alone, and what the action itself keeps for admins.
    expect(await type("call cache.clear --cache default")).toContain("needs the role admin");
    expect(await type("call cache.setMany --values.k 2")).toContain("needs the role admin");
    expect(await type("call tasks.control.profile")).toContain("needs the role admin");
    expect(await type("call cache.get --key k")).toContain("value: 1");
  }, 400_000);

  test("a viewer's may look, and are refused what changes something", async () => {
    const type = await replOf("viewer");
    expect(await type("call tasks.queues")).toContain("oldestMs");
    expect(await type("call tasks.inspect.ping")).toMatch(/Response/);
    for (const line of ["call tasks.purge --name email", "dcall the-node tasks.pause --name email"]) {
      expect(await type(line)).toContain("this needs the role operator; yours is viewer");
    }
    for (const line of ["emit told --a 1", "broadcast told --a 1"]) {
      expect(await type(line)).toContain("this needs the role admin; yours is viewer");
    }
    expect(await audited("queue.purge")).toEqual([]);
    expect(heard).toEqual([]);
    expect(await type("queues")).toMatch(/QUEUE +QUEUED/);
  }, 400_000);

  test("an admin's go everywhere, and reach listeners", async () => {
    const asker = await askerOf(connect({ url: gateway.url, token: TOKENS.admin }));
    const broker = new ServiceBroker({
      ...brokerOptions({ NATS_URL: nats.url, LOG_LEVEL: "fatal" }),
      ...{ nodeID: "an-admin", middlewares: [InTheNameOf(asker)] },
    });
    await broker.start();
    try {
      await broker.waitForServices(["cache", "listener"], WITHIN_MS);
      expect(await broker.call("cache.setMany", { values: { k: 2 } })).toEqual({ stored: 1 });
      expect(await broker.call("cache.clear", { cache: "select2" })).toEqual({ deleted: 0 });
      expect(await audited("cache.clear")).toMatchObject([{ role: "admin", target: "select2" }]);
      broker.emit("told", { a: 1 });
      await eventually(async () => heard.length === 1, WITHIN_MS);
    } finally {
      await broker.stop();
    }
  }, 400_000);

  test("a cache that is changed at another REPL leaves a row, too", async () => {
    await gateway.broker.call("cache.delete", { key: "k" }, { meta: { $repl: true } });
    expect(await audited("cache.delete")).toEqual([{ actor: "internal", role: "service", target: "k" }]);
  });
});
