/** The one connection to a broker: what `publish` and a handler's promise mean, against a real Mosquitto. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { connectAsync, type MqttClient } from "mqtt";
import { SystemClock, SystemRandom, VirtualClock } from "../../runtime/index.ts";
import { MqttConnection, type MqttConnectionOptions } from "../../services/mqtt/connection.ts";
import { eventually } from "../support/backends.ts";
import { type ServerHandle, startMosquitto } from "../support/servers/index.ts";

const parts = { clock: new SystemClock(), random: new SystemRandom() };
const backOff = { firstMs: 50, mostMs: 200 };

describe("a connection to an MQTT broker", () => {
  let mosquitto: ServerHandle;
  let other: MqttClient;
  let heard: string[] = [];
  let said: string[] = [];
  let names = 0;
  const opened: MqttConnection[] = [];

  beforeAll(async () => {
    mosquitto = await startMosquitto({ config: "persistence true" });
    other = await connectAsync(mosquitto.url, { reconnectPeriod: 50, clean: false, clientId: "other" });
    other.on("message", (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
    await other.subscribeAsync("out/#", { qos: 1 });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
    heard = [];
    said = [];
  });

  afterAll(async () => {
    await other?.endAsync(true);
    await mosquitto?.stop();
  });

  function open(options: Partial<MqttConnectionOptions> = {}): MqttConnection {
    names += 1;
    const log = { info: (text: string) => said.push(text), warn: (text: string) => said.push(text) };
    const one = new MqttConnection({ url: mosquitto.url, clientId: `test-${names}`, parts, log, backOff, ...options });
    opened.push(one);
    return one;
  }
  const connected = (one: MqttConnection) => eventually(async () => one.state === "connected");

  test("publishes what was asked for before it was there, in order", async () => {
    const connection = open();
    await Promise.all([1, 2, 3].map((n) => connection.publish("out/a", String(n))));
    await connection.publish("out/a", "zero", { qos: 0 });
    await eventually(async () => heard.length === 4);
    expect(heard).toEqual(["out/a 1", "out/a 2", "out/a 3", "out/a zero"]);
  });

  test("keeps a retained message, and refuses topics nobody may publish to", async () => {
    const connection = open();
    await connection.publish("kept/a", "still here", { retain: true });
    const late: string[] = [];
    const listener = await connectAsync(mosquitto.url);
    listener.on("message", (_topic, payload) => late.push(payload.toString()));
    await listener.subscribeAsync("kept/a");
    await eventually(async () => late[0] === "still here");
    await listener.endAsync(true);
    for (const topic of ["", "a/#", "a/+", "a\0", "x".repeat(1_001)])
      await expect(connection.publish(topic, "x")).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    expect(connection.state).toBe("connected");
  });

  test("rejects when the broker is away for too long, and does not send it later", async () => {
    const connection = open();
    await connected(connection);
    await mosquitto.kill("SIGSTOP"); // It neither answers nor says good-bye.
    await expect(connection.publish("out/a", "unanswered", { timeoutMs: 300 })).rejects.toMatchObject({
      code: "MQTT_UNAVAILABLE",
      message: expect.stringContaining("did not acknowledge"),
    });
    await mosquitto.kill("SIGCONT");
    await mosquitto.kill("SIGTERM");
    await eventually(async () => connection.state !== "connected");
    await expect(connection.publish("out/a", "given up", { timeoutMs: 300 })).rejects.toMatchObject({
      code: "MQTT_UNAVAILABLE",
      message: expect.stringContaining("was not connected"),
    });
    await expect(connection.publish("out/a", "now or never", { resend: false })).rejects.toMatchObject({
      code: "MQTT_UNAVAILABLE",
      message: "the MQTT broker is not connected",
    });
    const waiting = connection.publish("out/a", "waited", { timeoutMs: 120_000 });
    await mosquitto.restart();
    await waiting;
    await eventually(async () => heard.includes("out/a waited"));
    expect(heard).not.toContain("out/a given up");
    expect(heard).not.toContain("out/a now or never");
  });

  test("sends again what a lost connection left without an answer", async () => {
    const connection = open();
    await connected(connection);
    await mosquitto.kill("SIGSTOP");
    const answers = Promise.all([1, 2, 3].map((n) => connection.publish("out/b", String(n), { timeoutMs: 120_000 })));
    await mosquitto.restart({ mode: "immediate" });
    await answers;
    // Mosquitto forgot its subscribers with the crash.
    await eventually(async () => other.connected);
    expect(connection.state).toBe("connected");
    await other.subscribeAsync("out/#", { qos: 1 });
  });

  test("acknowledges what it has taken in when its handler is done, and not before", async () => {
    const clientId = "slow-handler";
    const first = open({ clientId });
    const seen: string[] = [];
    const finish: (() => void)[] = [];
    await first.subscribe(["in/+/a"], async ({ payload }) => {
      seen.push(payload.toString());
      await new Promise<void>((resolve) => finish.push(resolve));
    });
    await other.publishAsync("in/1/a", "one", { qos: 1 });
    await eventually(async () => seen.length === 1);
    first.drop(); // Before it was acknowledged: the broker delivers it again.
    await eventually(async () => seen.length === 2);
    for (const one of finish) one();
    await eventually(async () => first.received.handled >= 1);
    await first.close();

    const second = open({ clientId });
    await second.subscribe(["in/+/a"], async ({ payload }) => void seen.push(payload.toString()));
    await other.publishAsync("in/2/a", "two", { qos: 1 });
    await eventually(async () => seen.includes("two"));
    expect(seen).toEqual(["one", "one", "two"]);
    expect(first.received).toMatchObject({ repeated: 1 });
  });

  test("gives a message again to a handler that has refused it, and then acknowledges it", async () => {
    const connection = open({ clientId: "refuser" });
    let tries = 0;
    await connection.subscribe(["$share/apium/in/refused"], async () => {
      tries += 1;
      if (tries === 1) throw new Error("the store is away");
    });
    await other.publishAsync("in/refused", "x", { qos: 1 });
    await eventually(async () => connection.received.handled === 1);
    expect(connection.received).toMatchObject({ taken: 1, failed: 1, handled: 1 });
    connection.drop();
    await connected(connection);
    await other.publishAsync("in/refused", "y", { qos: 1 });
    await eventually(async () => connection.received.handled === 2);
    expect(tries).toBe(3); // Nothing came again: it had been acknowledged.
  });

  test("handles messages side by side", async () => {
    const connection = open();
    let atWork = 0;
    const tenAtWork = Promise.withResolvers<void>();
    await connection.subscribe(["in/many"], async () => {
      atWork += 1;
      if (atWork === 10) tenAtWork.resolve(); // Mosquitto has about 20 under way, sometimes more.
      await tenAtWork.promise;
    });
    await Promise.all(Array.from({ length: 30 }, (_, n) => other.publishAsync("in/many", String(n), { qos: 1 })));
    await eventually(async () => connection.received.handled === 30);
    expect(connection.received).toMatchObject({ taken: 30, repeated: 0 });
  });

  test("shares a subscription with another process", async () => {
    const counts = [0, 0];
    const both = [open(), open()];
    await Promise.all(
      both.map((one, index) =>
        one.subscribe(["$share/apium/in/shared"], async () => {
          counts[index] = (counts[index] ?? 0) + 1;
        }),
      ),
    );
    await Promise.all(Array.from({ length: 20 }, (_, n) => other.publishAsync("in/shared", String(n), { qos: 1 })));
    await eventually(async () => (counts[0] ?? 0) + (counts[1] ?? 0) === 20);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  test("subscribes again where the broker has forgotten", async () => {
    const connection = open();
    let taken = 0;
    await connection.subscribe(["in/again"], async () => {
      taken += 1;
    });
    await mosquitto.kill("SIGKILL");
    await mosquitto.restart();
    await connected(connection);
    await eventually(async () => other.connected);
    await eventually(async () => {
      await other.publishAsync("in/again", "x", { qos: 1 });
      return taken > 0;
    });
  });

  test("leaves what nobody subscribes to any more to others after half a minute", async () => {
    const clientId = "heir";
    const before = open({ clientId });
    await before.subscribe(["in/old"], async () => {});
    await before.close();
    await other.publishAsync("in/old", "left over", { qos: 1 });
    const clock = new VirtualClock();
    const heir = open({ clientId, parts: { ...parts, clock } });
    await eventually(async () => heir.received.taken === 1);
    await clock.advance(29_000);
    expect(heir.received.unclaimed).toBe(0);
    await clock.advance(10_000);
    await eventually(async () => heir.received.unclaimed === 1);
    heir.drop();
    await clock.advance(1_000);
    await connected(heir);
    await heir.publish("out/a", "settled");
    expect(heir.received.taken).toBe(1);
  });

  test("goes on trying where the broker does not take its password", async () => {
    const strict = await startMosquitto({ config: "allow_anonymous false" });
    const connection = open({ url: strict.url });
    await eventually(async () => said.length > 0);
    expect(said[0]).toMatch(/cannot connect .*Not authorized/);
    expect(connection.state).not.toBe("connected");
    await eventually(async () => connection.state === "connecting");
    await strict.stop();
  });

  test("connects only while it may", async () => {
    let mayConnect = false;
    const connection = open({ permit: async () => mayConnect });
    await eventually(async () => connection.state === "away");
    mayConnect = true;
    await connected(connection);
  });

  test("says what is wrong, and never the password", async () => {
    const url = mosquitto.url.replace("mqtt://127.0.0.1", "mqtt://user:hush-hush@127.0.0.1").replace(/\d+$/, "1");
    const connection = open({ url });
    await eventually(async () => said.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/cannot connect .*ECONNREFUSED/);
    const failure = await connection.publish("a", "x", { timeoutMs: 50 }).catch((error: Error) => error);
    expect(`${said.join()} ${JSON.stringify(failure)} ${String(failure)}`).not.toContain("hush");
  });

  test("refuses what it has not sent when it is closed", async () => {
    const connection = open({ permit: async () => false });
    const lost = expect(connection.publish("out/a", "x")).rejects.toMatchObject({ code: "MQTT_UNAVAILABLE" });
    await connection.close();
    await lost;
    await expect(connection.publish("out/a", "x")).rejects.toMatchObject({ code: "MQTT_UNAVAILABLE" });
  });
});
