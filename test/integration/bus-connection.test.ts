/** The connections to NATS, Moleculer's and the runtime's, when the network goes silent and when the server refuses them. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { brokerOptions } from "../../moleculer.config.ts";
import { connectNats, type Nats } from "../../runtime/queue/jetstream/connection.ts";
import { eventually } from "../support/backends.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startNats } from "../support/servers/index.ts";

const WITHIN_MS = 60_000;

/** A network of which the test says where it leads, and whether it still carries anything. */
async function openNetwork(to: ServerHandle) {
  const lines = new Set<Socket>();
  const network = { target: to, dialled: 0 };
  const server = createServer((near) => {
    network.dialled += 1;
    const far = connect(Number(new URL(network.target.url).port), "127.0.0.1");
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      lines.add(one);
      one.pipe(other);
      one
        .on("error", () => {})
        .on("close", () => {
          lines.delete(one);
          other.destroy();
        });
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return Object.assign(network, {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What is connected stays so, and hears nothing more. New connections are well. */
    silence: () => {
      for (const line of lines) line.unpipe().pause();
    },
    cut: () => {
      for (const line of lines) line.destroy();
    },
    async close() {
      this.cut();
      await once(server.close(), "close");
    },
  });
}

describeWith(["nats"], "the connections to NATS", () => {
  let nats: ServerHandle;
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let broker: ServiceBroker;
  let runtimes: Nats;
  const cleanups: (() => unknown)[] = [];

  const startBroker = async (url: string, nodeID: string) => {
    const options = brokerOptions({ NATS_URL: url, LOG_LEVEL: "fatal" });
    const made = new ServiceBroker({ ...options, logger: false, nodeID });
    if (nodeID === "shop") made.createService({ name: "shop", actions: { ask: () => "here" } });
    await made.start();
    cleanups.push(() => made.stop());
    return made;
  };
  const ask = () => broker.call("shop.ask", {}, { timeout: 500 }).catch(() => "away");
  const flush = () =>
    runtimes.manager.getAccountInfo().then(
      () => "here",
      () => "away",
    );
  const areWell = async () => (await ask()) === "here" && (await flush()) === "here";

  beforeEach(async () => {
    nats = await startNats();
    cleanups.push(() => nats.stop());
    await startBroker(nats.url, "shop");
    network = await openNetwork(nats);
    cleanups.push(() => network.close());
    broker = await startBroker(network.url, "asker");
    runtimes = await connectNats(network.url, "the runtime's");
    cleanups.push(() => runtimes.connection.close());
    await eventually(areWell, WITHIN_MS);
  }, 400_000);
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 400_000);

  test("are made anew within seconds where the old ones hear nothing any more", async () => {
    network.silence();
    expect(await ask()).toBe("away");
    await eventually(areWell, WITHIN_MS);
  }, 400_000);

  test("are never given up: a server that refused them again and again is used when it takes them", async () => {
    const strict = await startNats({ config: 'authorization { user: "somebody", password: "else" }' });
    cleanups.push(() => strict.stop());
    const before = network.dialled;
    network.target = strict;
    network.cut();
    await eventually(async () => network.dialled >= before + 12, WITHIN_MS);
    network.target = nats;
    await eventually(areWell, WITHIN_MS);
  }, 400_000);
});
