/** Devices on the broker that a system without MQTT_URL runs itself, with the real mobile service behind it. */
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectAsync, type MqttClient } from "mqtt";
import { mqttModule } from "../../services/mqtt/index.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type Phone, type Phones, recordsMutation, startPhones } from "../support/phones.ts";

// biome-ignore lint/suspicious/noExplicitAny: an answer, read field by field.
type Any = any;

let facility: Facility;
let phones: Phones;
let siteId: number;
let address: string;

beforeAll(async () => {
  facility = await openFacility("pglite");
  phones = await startPhones(facility.backend, facility, { modules: [mqttModule] });
  siteId = await facility.makeSite();
  await until(async () => (await phones.call<Any>("mqtt.stats")).hearsDevices);
  address = (await phones.call<Any>("mqtt.stats")).embedded;
}, 400_000);
afterAll(async () => {
  await phones.stop();
  await facility.backend.close();
}, 400_000);

async function until<Value>(look: () => Promise<Value> | Value): Promise<NonNullable<Value>> {
  for (const end = Date.now() + 60_000; ; ) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error("not in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const login = (password: string) =>
  connectAsync(address, { username: "device", password, reconnectPeriod: 0, connectTimeout: 30_000 });

/** A device that is signed in and hears its own topic. */
async function listening({ deviceId, token }: Phone): Promise<{ client: MqttClient; answers: Any[] }> {
  const client = await login(token);
  const answers: Any[] = [];
  client.on("message", (_topic, payload) => answers.push(JSON.parse(payload.toString())));
  await client.subscribeAsync([`devices/${deviceId}/response`, `devices/${deviceId}/response/#`], { qos: 1 });
  return { client, answers };
}

test("an upload delivered three times is one effect with equal answers, which nobody else hears", async () => {
  const [phone, stranger] = [await phones.phoneAt(siteId), await phones.phoneAt(siteId)];
  const id = await facility.makeJobneed(siteId, { person_id: phone.personId });
  const { uuid } = await facility.one<{ uuid: string }>("select uuid from jobneed where id = $1", [id]);
  const mine = await listening(phone);
  const theirs = await listening(stranger);
  const message = {
    ...{ mutation: recordsMutation("updateTaskTour"), serviceName: "updateTaskTour", token: phone.token },
    ...{ variables: { records: [{ uuid, status: "INPROGRESS" }] }, uuids: [uuid] },
  };
  const payload = deflateSync(JSON.stringify(message)).toString("base64");
  for (const topic of ["graphql/django5mutation", `devices/${phone.deviceId}/mutation`, "graphql/mutation"]) {
    await mine.client.publishAsync(topic, payload, { qos: 1 });
  }
  const done = await until(() => mine.answers.find(({ result }) => result !== undefined));
  await until(() => mine.answers.length >= 4);
  expect(done).toMatchObject({ status: "SUCCESS", result: { data: { updateTaskTour: { rc: 0, uuids: [uuid] } } } });
  const named = mine.answers.map(({ task_id, uuids, serviceName }) => ({ task_id, uuids, serviceName }));
  expect(new Set(named.map((each) => JSON.stringify(each))).size).toBe(1);
  expect(theirs.answers).toEqual([]);
  expect(
    await facility.one("select count(*)::integer as kept from mobile_message where $1 = any (uuids)", [uuid]),
  ).toEqual({ kept: 1 });
  for (const { client } of [mine, theirs]) await client.endAsync();
});

test("a device's message with another's token is refused to the token's owner", async () => {
  const [phone, stranger] = [await phones.phoneAt(siteId), await phones.phoneAt(siteId)];
  const [mine, theirs] = [await listening(phone), await listening(stranger)];
  const text = JSON.stringify({ mutation: recordsMutation("updateTaskTour"), token: stranger.token });
  await mine.client.publishAsync(`devices/${phone.deviceId}/mutation`, text, { qos: 1 });
  expect(await until(() => theirs.answers[0])).toMatchObject({ status: "REFUSED", error: { code: "FORBIDDEN" } });
  expect(mine.answers).toEqual([]);
  for (const { client } of [mine, theirs]) await client.endAsync();
});

test("a device that has signed out is not let in any more", async () => {
  const phone = await phones.phoneAt(siteId);
  await (await login(phone.token)).endAsync();
  const { errors } = await phone.graphql("mutation { logoutUser { success } }");
  expect(errors).toBeUndefined();
  await expect(login(phone.token)).rejects.toMatchObject({ code: 4 });
});

test("while it cannot be said whose a token is, a device is told to come again, not to sign in again", async () => {
  const phone = await phones.phoneAt(siteId);
  await phones.broker.destroyService("mobile");
  await expect(login(phone.token)).rejects.toMatchObject({ code: 3 });
});
