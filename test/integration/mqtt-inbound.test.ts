/** What devices may do to each other and to the system by way of a real Mosquitto: nothing but send their own messages. */
import { randomUUID } from "node:crypto";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectAsync, type MqttClient } from "mqtt";
import { SYNC_TABLES } from "../../services/facility/sync-tables.ts";
import { RECEIVERS } from "../../services/index.ts";
import { mobileModule } from "../../services/mobile/index.ts";
import { mqttModule } from "../../services/mqtt/index.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type Phone, type Phones, recordsMutation, startPhones } from "../support/phones.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startMosquitto } from "../support/servers/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: an answer, read field by field.
type Any = any;
const encoded = (value: unknown) => deflateSync(JSON.stringify(value)).toString("base64");
/** More than Mosquitto hands out unacknowledged (20): when none of so many is acknowledged, nobody is heard any more. */
const MORE_THAN_THE_WINDOW = 25;
const mutation = recordsMutation("updateTaskTour");

describeWith("mosquitto", "messages of devices", () => {
  const [backend] = availableBackends();
  let facility: Facility;
  let phones: Phones;
  let mosquitto: ServerHandle;
  let siteId: number;
  let phone: Phone;
  let ear: MqttClient;
  const heard: { readonly topic: string; readonly text: string }[] = [];

  beforeAll(async () => {
    mosquitto = await startMosquitto();
    facility = await openFacility(backend ?? "pglite");
    phones = await startPhones(facility.backend, facility, {
      modules: [mqttModule],
      environment: { MQTT_URL: mosquitto.url },
    });
    siteId = await facility.makeSite();
    phone = await phones.phoneAt(siteId);
    ear = await connectAsync(mosquitto.url);
    ear.on("message", (topic, payload) => heard.push({ topic, text: payload.toString() }));
    await ear.subscribeAsync(["devices/+/response/#", "response/#", "django5received"], { qos: 1 });
    await until(async () => (await phones.call<Any>("mqtt.stats")).hearsDevices);
  }, 400_000);
  afterAll(async () => {
    await ear.endAsync(true);
    await phones.stop();
    await facility.backend.reset();
    await facility.backend.close();
    await mosquitto.stop();
  }, 400_000);

  async function until<Value>(look: () => Promise<Value> | Value, withinMs = 60_000): Promise<NonNullable<Value>> {
    for (const end = Date.now() + withinMs; ; ) {
      const value = await look();
      if (value) return value;
      if (Date.now() > end) throw new Error(`not in time; heard: ${JSON.stringify(heard.slice(-3)).slice(0, 500)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const stats = async () => (await phones.call<Any>("mqtt.stats")).devices;
  const send = (topic: string, message: unknown) => ear.publishAsync(topic, encoded(message), { qos: 1 });
  const answersOf = ({ deviceId }: Phone): Any[] =>
    heard.filter(({ topic }) => topic === `devices/${deviceId}/response`).map(({ text }) => JSON.parse(text));
  const answerOn = (uuid: string) => until(() => answersOf(phone).find(({ uuids }) => uuids.includes(uuid)));
  const point = (fields: object = {}) => ({
    ...{ uuid: randomUUID(), latitude: 12.5, longitude: 77, at: "2026-11-23T08:00:00Z", token: phone.token },
    ...fields,
  });
  const stored = async (uuids: string[]): Promise<number> =>
    (
      await facility.one<{ n: number }>(
        "select count(*)::integer as n from tracking where uuid::text = any ($1::text::text[])",
        [`{${uuids.join(",")}}`],
      )
    ).n;

  async function makeWork() {
    const id = await facility.makeJobneed(siteId, { person_id: phone.personId });
    const { uuid } = await facility.one<{ uuid: string }>("select uuid from jobneed where id = $1", [id]);
    return { id, uuid, message: { mutation, variables: { records: [{ uuid, status: "INPROGRESS" }] } } };
  }

  test("one upload delivered three times has three equal answers and one effect", async () => {
    const { uuid, message } = await makeWork();
    for (let n = 0; n < 3; n += 1) {
      await send("graphql/django5mutation", { ...message, uuids: [uuid], token: phone.token });
      await until(() => answersOf(phone).filter(({ uuids, result }) => !result && uuids.includes(uuid)).length > n);
    }
    const answers = answersOf(phone).filter(({ uuids, result }) => !result && uuids.includes(uuid));
    expect(answers).toHaveLength(3);
    expect(new Set(answers.map(({ task_id, serviceName }) => `${task_id} ${serviceName}`)).size).toBe(1);
    const { kept } = await facility.one<{ kept: number }>(
      "select count(*)::integer as kept from mobile_message where $1 = any (uuids)",
      [uuid],
    );
    expect(kept).toBe(1);
  });

  test.each([
    ["longer than any that can be answered", (n: number) => `devices/${n}${"x".repeat(60_000)}/mutation`],
    ["longer once it is answered", (n: number) => `devices/${n}${"é".repeat(400)}/mutation`],
    ["of odd names", (n: number) => `devices/%ED%A0%80%00%2B%23${n}/status`],
  ])(
    "strangers on topics %s hold nobody up",
    async (_what, topicOf) => {
      const { uuid, message } = await makeWork();
      const { refused } = await stats();
      for (let n = 0; n < MORE_THAN_THE_WINDOW; n += 1) await send(topicOf(n), { token: "none" });
      await send("graphql/django5mutation", { ...message, uuids: [uuid], token: phone.token });
      expect(await answerOn(uuid)).toMatchObject({ uuids: [uuid] });
      // They are looked at side by side: the answer may come before the last refusal is counted.
      const all = (refused.UNAUTHENTICATED ?? 0) + MORE_THAN_THE_WINDOW;
      await until(async () => (await stats()).refused.UNAUTHENTICATED >= all);
      expect((await stats()).refused.UNAUTHENTICATED).toBe(all);
    },
    180_000,
  );

  test("a small message is not answered by a large one", async () => {
    const { uuid, message } = await makeWork();
    const uuids = [uuid, ...Array.from({ length: 4_999 }, () => "A".repeat(1_000))];
    await send("graphql/django5mutation", { ...message, mutation: "{ no }", uuids, token: phone.token });
    expect(JSON.stringify(await answerOn(uuid)).length).toBeLessThan(20_000);
  });

  test.each([
    ["NUL in a text", { transportMode: "CAR\u0000" }],
    ["half a surrogate pair", { transportMode: "CAR\ud800" }],
    ["a latitude there is not", { latitude: 91 }],
    ["a latitude that is text", { latitude: "12.5" }],
    ["no time", { at: null }],
    ["a time there is not", { at: "2026-02-30T08:00:00Z" }],
    ["no uuid", { uuid: "1" }],
  ])("a point with %s is refused, and the others that came with it are stored", async (_what, wrong) => {
    const before = (await stats()).refused;
    const good = Array.from({ length: 20 }, () => point());
    await Promise.all(
      [...good.slice(0, 10), point(wrong), ...good.slice(10)].map((each) =>
        send(`devices/${phone.deviceId}/tracking`, each),
      ),
    );
    await until(async () => (await stored(good.map(({ uuid }) => uuid))) === good.length);
    const after = await until(async () => {
      const { refused } = await stats();
      return JSON.stringify(refused) === JSON.stringify(before) ? undefined : refused;
    });
    expect(after).toEqual({ ...before, PARAMS_INVALID: (before.PARAMS_INVALID ?? 0) + 1 });
  });

  test("a point that the database refuses is refused alone", async () => {
    const gone = await phones.phoneAt(siteId);
    const known = point({ token: gone.token });
    await send(`devices/${gone.deviceId}/tracking`, known);
    await until(() => stored([known.uuid]));
    // The token is remembered for ten seconds, which do not pass.
    phones.clock.aheadMs -= 60_000;
    await facility.one("delete from tracking where person_id = $1 returning 1", [gone.personId]);
    await facility.one("delete from mobile_device where person_id = $1 returning 1", [gone.personId]);
    await facility.one("delete from person where id = $1 returning 1", [gone.personId]);
    const before = (await stats()).refused.INTERNAL ?? 0;
    const good = Array.from({ length: 20 }, () => point());
    await Promise.all([
      send(`devices/${gone.deviceId}/tracking`, point({ token: gone.token })),
      ...good.map((each) => send(`devices/${phone.deviceId}/tracking`, each)),
    ]);
    await until(async () => (await stored(good.map(({ uuid }) => uuid))) === good.length);
    await until(async () => ((await stats()).refused.INTERNAL ?? 0) === before + 1);
    phones.clock.aheadMs += 60_000;
  });

  test("a point under a uuid that is taken changes nothing of whoever has it", async () => {
    const theirs = point();
    await send(`devices/${phone.deviceId}/tracking`, theirs);
    await until(() => stored([theirs.uuid]));
    const stranger = await phones.phoneAt(await facility.makeSite());
    const mine = point({ token: stranger.token });
    for (const each of [{ ...mine, uuid: theirs.uuid, latitude: -1 }, mine]) {
      await send(`devices/${stranger.deviceId}/tracking`, each);
    }
    await until(() => stored([mine.uuid]));
    expect(
      await facility.one("select person_id as person, latitude from tracking where uuid = $1::text::uuid", [
        theirs.uuid,
      ]),
    ).toEqual({ person: phone.personId, latitude: 12.5 });
  });

  test("points on another device's topic, or in another's name, are not stored", async () => {
    const stranger = await phones.phoneAt(siteId);
    const [foreign, claimed] = [point(), point({ personId: stranger.personId, deviceId: "other", clientId: 1 })];
    await send(`devices/${stranger.deviceId}/tracking`, foreign);
    await send(`guard/${phone.deviceId}/tracking`, claimed);
    await until(() => stored([claimed.uuid]));
    expect(await stored([foreign.uuid])).toBe(0);
    expect(
      await facility.one("select person_id as person, device_id as device from tracking where uuid = $1::text::uuid", [
        claimed.uuid,
      ]),
    ).toEqual({ person: phone.personId, device: phone.deviceId });
  });

  test.each([
    ["a hundred thousand", Array.from({ length: 100_000 }, () => null)],
    ["what are no ids", [null, {}, [[]], "x".repeat(5_000)]],
    ["a hundred and one", Array.from({ length: 101 }, () => randomUUID())],
  ])("a status query for %s is refused, not answered with anything", async (_what, taskIds) => {
    const before = (await stats()).refused.PARAMS_INVALID ?? 0;
    const from = heard.length;
    await send(`devices/${phone.deviceId}/status`, { taskIds, token: phone.token });
    await until(async () => ((await stats()).refused.PARAMS_INVALID ?? 0) > before);
    const refusal = await until(() => heard.slice(from).find(({ topic }) => topic.endsWith("/response")));
    expect(JSON.parse(refusal.text)).toMatchObject({ status: "REFUSED", error: { code: "PARAMS_INVALID" } });
    expect(refusal.text.length).toBeLessThan(20_000);
    expect(heard.slice(from).filter(({ topic }) => topic.endsWith("/status"))).toEqual([]);
  });

  test("keys that mean something to JavaScript mean nothing", async () => {
    const { uuid, message } = await makeWork();
    const text = JSON.stringify({ ...message, uuids: [uuid], token: phone.token });
    const odd = `{"__proto__":{"token":"x","isRepeat":true},"constructor":{"prototype":{"polluted":1}},${text.slice(1)}`;
    await ear.publishAsync("graphql/django5mutation", odd, { qos: 1 });
    await answerOn(uuid);
    expect(({} as Any).polluted).toBeUndefined();
  });

  test("the token is in no answer, whatever was wrong", async () => {
    const refused = () => answersOf(phone).filter(({ status }) => status === "REFUSED").length;
    const before = refused();
    await send("graphql/django5mutation", { token: phone.token, uuids: [phone.token.slice(0, 5)], mutation: 1 });
    await send("graphql/mutation/django5status", { token: phone.token, taskIds: [phone.token] });
    await until(() => refused() === before + 2);
    expect(heard.filter(({ text }) => text.includes(phone.token)).map(({ topic }) => topic)).toEqual([]);
  });

  test("an echo is bounded", async () => {
    for (const text of ["e".repeat(65_537), "e".repeat(65_536), "end"]) await ear.publishAsync("django5post", text);
    await until(() => heard.find(({ topic, text }) => topic === "django5received" && text === "end"));
    const echoes = heard.filter(({ topic }) => topic === "django5received").map(({ text }) => text.length);
    expect(echoes).toEqual([65_536, 3]);
  });

  // The last one: the mobile service that comes back is a new one.
  test("what comes while the mobile service is away is neither lost nor refused", async () => {
    const { uuid, id, message } = await makeWork();
    const { received, refused } = await stats();
    await phones.broker.destroyService("mobile");
    await send("graphql/django5mutation", { ...message, uuids: [uuid], token: phone.token });
    await until(async () => (await stats()).received > received + 1);
    expect(answersOf(phone).filter(({ uuids }) => uuids.includes(uuid))).toEqual([]);
    expect((await stats()).refused).toEqual(refused);
    // A task has one handler in a process: this one takes messages in only.
    const { tasks: _, ...schema } = mobileModule({ receivers: RECEIVERS, tables: SYNC_TABLES }).create(phones.parts);
    phones.broker.createService(schema);
    expect(await answerOn(uuid)).toMatchObject({ uuids: [uuid] });
    await until(async () => {
      const { status } = await facility.one<{ status: string }>("select status from jobneed where id = $1", [id]);
      return status === "INPROGRESS";
    });
    expect((await stats()).refused).toEqual(refused);
  });
});
