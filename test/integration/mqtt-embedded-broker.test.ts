/** The embedded broker by itself: who may speak and hear, and what those cost whom it does not know. */
import { connect as connectTcp, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { connect, connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../services/mqtt/embedded-broker.ts";

const MEGABYTE = 1_048_576;
const REFUSED = 128;

let broker: EmbeddedBroker;
let own: MqttClient;
let opened: { end: () => unknown }[];

/** A token is the device's name behind `token-`; with `outage` it cannot be said whose it is. */
const deviceOf = async (token: string) => {
  if (token === "outage") throw new Error("the mobile service is away");
  return token.startsWith("token-") ? token.slice("token-".length) : undefined;
};

beforeEach(async () => {
  broker = await startEmbeddedBroker(deviceOf);
  opened = [];
  own = await connectAsync(broker.url, { clientId: "apium-own", reconnectPeriod: 0 });
});
afterEach(async () => {
  for (const one of opened) one.end();
  own.end(true);
  await broker.stop();
});

async function device(name: string, options: IClientOptions = {}): Promise<MqttClient> {
  const login = { username: "device", password: `token-${name}`, reconnectPeriod: 0 };
  const client = await connectAsync(broker.address, { ...login, ...options });
  opened.push({ end: () => client.end(true) });
  return client;
}

function hears(client: MqttClient): string[] {
  const texts: string[] = [];
  client.on("message", (_topic, payload) => texts.push(payload.toString()));
  return texts;
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !isSo() && Date.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 10));
}
/** What was heard until the last one that was sent. */
async function heardUpTo(texts: string[], last: string): Promise<string[]> {
  await until(() => texts.includes(last));
  return texts;
}

const ended = (client: MqttClient) => new Promise<void>((resolve) => client.once("close", () => resolve()));
const codeOf = (options: IClientOptions) =>
  connectAsync(broker.address, { reconnectPeriod: 0, ...options }).then(
    (client) => {
      client.end(true);
      return 0;
    },
    (error: { code?: number }) => error.code,
  );
/** What was granted, a filter each; `REFUSED` where it was not. */
const granted = (client: MqttClient, filters: string[]) =>
  new Promise<number[]>((resolve) => {
    client.once("packetreceive", (packet) => resolve(packet.cmd === "suback" ? (packet.granted as number[]) : []));
    client.subscribe(filters, { qos: 1 }, () => {});
  });
/** By now everything that was sent before has gone through. */
async function settled(client: MqttClient, name: string): Promise<void> {
  await client.subscribeAsync(`devices/${name}/response`, { qos: 1 });
  const come = new Promise<void>((resolve) =>
    client.on("message", (_topic, payload) => payload.toString() === "fence" && resolve()),
  );
  await own.publishAsync(`devices/${name}/response`, "fence", { qos: 1 });
  await come;
}

describe("lets in", () => {
  test.each([
    ["a device with its token", { username: "device", password: "token-a" }, 0],
    ["nobody without a word", {}, 4],
    ["nobody with a wrong token", { username: "device", password: "guessed" }, 4],
    ["nobody who claims to be the system", { username: "apium", password: "guessed" }, 4],
    ["nobody while it cannot be said who it is: come again", { username: "device", password: "outage" }, 3],
  ])("%s", async (_who, options, code) => {
    expect(await codeOf(options)).toBe(code);
  });
});

describe("a device", () => {
  test("subscribes to its own topics only", async () => {
    const client = await device("a");
    const theirs = ["devices/a/response", "devices/a/response/#", "devices/a/#", "devices/a/+/status"];
    expect(await granted(client, theirs)).toEqual([1, 1, 1, 1]);
    const foreign = ["#", "+/+/response", "devices/+/response", "devices/#", "devices/b/response"];
    const system = ["response", "response/#", "graphql/#", "redmine_to_noc", "$SYS/#", "$share/x/devices/a/response"];
    for (const filter of [...foreign, ...system]) {
      expect({ filter, granted: await granted(client, [filter]) }).toEqual({ filter, granted: [REFUSED] });
    }
  });

  test.each(["devices/a/mutation", "devices/a/tracking", "guard/a/tracking", "graphql/django5mutation", "django5post"])(
    "is heard on %s",
    async (topic) => {
      const texts = hears(own);
      await own.subscribeAsync("#", { qos: 1 });
      await (await device("a")).publishAsync(topic, "hello", { qos: 1 });
      expect(await heardUpTo(texts, "hello")).toEqual(["hello"]);
    },
  );

  test.each(["devices/b/mutation", "devices/b/response", "response", "redmine_to_noc", "plant/7", "devices/a"])(
    "is cut off when it publishes to %s, and nobody hears it",
    async (topic) => {
      const texts = hears(own);
      await own.subscribeAsync("#", { qos: 1 });
      const client = await device("a");
      client.on("error", () => {});
      const cut = ended(client);
      client.publish(topic, "hello", { qos: 1 });
      await cut;
      await own.publishAsync("plant/1", "fence", { qos: 1 });
      expect(await heardUpTo(texts, "fence")).toEqual(["fence"]);
    },
  );

  test("leaves nothing that is heard again", async () => {
    const client = await device("a");
    await client.publishAsync("graphql/mutation", "once", { qos: 1, retain: true });
    const texts = hears(own);
    await own.subscribeAsync("graphql/#", { qos: 1 });
    await client.publishAsync("graphql/mutation", "now", { qos: 1 });
    expect(await heardUpTo(texts, "now")).toEqual(["now"]);
  });

  test("has a last will on its own topics only", async () => {
    const texts = hears(own);
    await own.subscribeAsync("#", { qos: 1 });
    for (const topic of ["devices/b/mutation", "devices/a/mutation"]) {
      const will = { topic, payload: Buffer.from(topic), qos: 1 as const, retain: false };
      const client = await device("a", { will });
      const gone = ended(client);
      client.stream.destroy();
      await gone;
    }
    expect(await heardUpTo(texts, "devices/a/mutation")).toEqual(["devices/a/mutation"]);
  });
});

describe("a session", () => {
  const session = { clientId: "phone", clean: false };

  test("is kept for its device while that is away", async () => {
    const before = await device("b", session);
    await before.subscribeAsync("devices/b/response", { qos: 1 });
    await before.endAsync();
    await own.publishAsync("devices/b/response", "while away", { qos: 1 });
    const login = { username: "device", password: "token-b", reconnectPeriod: 0 };
    const after = connect(broker.address, { ...login, ...session });
    opened.push({ end: () => after.end(true) });
    const text = await new Promise((resolve) => after.on("message", (_topic, payload) => resolve(payload.toString())));
    expect(text).toBe("while away");
  });

  test("is not taken over by another device that gives its name", async () => {
    const theirs = await device("b", session);
    await theirs.subscribeAsync("devices/b/response", { qos: 1 });
    const texts = hears(theirs);
    const thief = connect(broker.address, { username: "device", password: "token-a", reconnectPeriod: 0, ...session });
    opened.push({ end: () => thief.end(true) });
    const stolen = hears(thief);
    await new Promise((resolve) => thief.once("connect", resolve));
    await own.publishAsync("devices/b/response", "for b", { qos: 1 });
    await settled(thief, "a");
    expect(await heardUpTo(texts, "for b")).toEqual(["for b"]);
    expect(stolen).toEqual(["fence"]);
    expect(theirs.connected).toBe(true);
  });

  test("is not filled with what its device was refused", async () => {
    const before = await device("a", session);
    expect(await granted(before, ["devices/a/response", "devices/b/response"])).toEqual([1, REFUSED]);
    await before.endAsync();
    await own.publishAsync("devices/b/response", "for b", { qos: 1 });
    const login = { username: "device", password: "token-a", reconnectPeriod: 0 };
    const after = connect(broker.address, { ...login, ...session });
    opened.push({ end: () => after.end(true) });
    const stolen = hears(after);
    await new Promise((resolve) => after.once("connect", resolve));
    await settled(after, "a");
    expect(stolen).toEqual(["fence"]);
  });

  test("of the system is nobody else's", async () => {
    await device("a", { clientId: "apium-own" });
    await own.publishAsync("plant/1", "still here", { qos: 1 });
    expect(own.connected).toBe(true);
  });
});

describe("against whom it does not know", () => {
  const silent = async (): Promise<Socket> => {
    const socket = connectTcp(Number(new URL(broker.address).port), "127.0.0.1");
    socket.on("error", () => {});
    opened.push({ end: () => socket.destroy() });
    await new Promise((resolve) => socket.once("connect", resolve));
    return socket;
  };

  test("a packet that promises 256 MB is cut off before it has come", async () => {
    const socket = await silent();
    let isCut = false;
    const cut = new Promise((resolve) => socket.once("close", resolve)).then(() => {
      isCut = true;
    });
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    let sent = 0;
    while (!isCut && sent < 64) {
      sent += 1;
      const isFree = socket.write(Buffer.alloc(MEGABYTE));
      if (!isFree) await Promise.race([cut, new Promise((resolve) => socket.once("drain", resolve))]);
    }
    await cut;
    expect(sent).toBeLessThan(64);
  });

  test("bytes that are no MQTT end the connection, and no other", async () => {
    const socket = await silent();
    const cut = new Promise((resolve) => socket.once("close", resolve));
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await cut;
    await own.publishAsync("plant/1", "still here", { qos: 1 });
  });

  test("whoever never says who it is does not hold up the end", async () => {
    await silent();
    own.end(true);
    const began = performance.now();
    await broker.stop();
    expect(performance.now() - began).toBeLessThan(9_000); // After ten seconds it is cut off in any case.
    broker = await startEmbeddedBroker(deviceOf);
    own = await connectAsync(broker.url, { reconnectPeriod: 0 });
  });
});

test("a megabyte passes, more does not, and the system's own may be larger", async () => {
  const sizes: number[] = [];
  own.on("message", (_topic, payload) => sizes.push(payload.length));
  await own.subscribeAsync(["graphql/#", "plant/#"], { qos: 1 });
  const client = await device("a");
  await client.publishAsync("graphql/mutation", Buffer.alloc(MEGABYTE, "A"), { qos: 1 });
  for (const size of [MEGABYTE + 1, 2 * MEGABYTE]) {
    const other = await device("a");
    other.on("error", () => {});
    const cut = ended(other);
    other.publish("graphql/mutation", Buffer.alloc(size, "A"), { qos: 1 });
    await cut;
  }
  await own.publishAsync("plant/1", Buffer.alloc(2 * MEGABYTE, "A"), { qos: 1 });
  await until(() => sizes.length >= 2);
  expect(sizes).toEqual([MEGABYTE, 2 * MEGABYTE]);
});

test("a port that is taken is told, and leaves nothing behind", async () => {
  const port = Number(new URL(broker.address).port);
  await expect(startEmbeddedBroker(deviceOf, port)).rejects.toMatchObject({ code: "EADDRINUSE" });
});
