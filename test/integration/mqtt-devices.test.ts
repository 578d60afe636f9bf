/** Devices on a real Mosquitto, by its own command-line clients and by MQTT.js: kept before acknowledged, told the truth. */
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectAsync, type MqttClient } from "mqtt";
import { mqttModule } from "../../services/mqtt/index.ts";
import { publishMqtt } from "../../services/mqtt/tasks.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type Phone, type Phones, recordsMutation, startPhones } from "../support/phones.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startMosquitto } from "../support/servers/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: an answer, read field by field.
type Any = any;
const run = promisify(execFile);
const encoded = (value: unknown) => deflateSync(JSON.stringify(value)).toString("base64");

describeWith("mosquitto", "devices on Mosquitto", () => {
  describe.each(availableBackends().filter((name) => name !== "jetstream"))("and %s", (name) => {
    let facility: Facility;
    let phones: Phones;
    let mosquitto: ServerHandle;
    let siteId: number;
    let phone: Phone;
    let ear: MqttClient;
    const heard: { readonly topic: string; readonly text: string }[] = [];

    beforeAll(async () => {
      mosquitto = await startMosquitto();
      facility = await openFacility(name);
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
        if (Date.now() > end) throw new Error(`not in time; heard: ${JSON.stringify(heard.slice(-5))}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    /** The answers on the device's own topic, about a uuid. */
    const answersOf = (deviceId: string, uuid: string): Any[] =>
      heard
        .filter(({ topic }) => topic === `devices/${deviceId}/response`)
        .map(({ text }) => JSON.parse(text))
        .filter(({ uuids }) => uuids.includes(uuid));
    const send = (topic: string, message: unknown) => ear.publishAsync(topic, encoded(message), { qos: 1 });
    const stats = async () => (await phones.call<Any>("mqtt.stats")).devices;

    async function makeWork() {
      const id = await facility.makeJobneed(siteId, { person_id: phone.personId });
      return { id, ...(await facility.one<{ uuid: string }>("select uuid from jobneed where id = $1", [id])) };
    }

    test("an upload delivered by mosquitto_pub, by MQTT.js and by HTTP is one effect with equal answers", async () => {
      const { id, uuid } = await makeWork();
      const mutation = recordsMutation("updateTaskTour");
      const variables = { records: [{ uuid, status: "COMPLETED", endedAt: "2026-11-23T08:10:00Z" }] };
      const message = { mutation, variables, uuids: [uuid], serviceName: "updateTaskTour", token: phone.token };
      const port = new URL(mosquitto.url).port;
      await run("mosquitto_pub", [
        ...["-h", "127.0.0.1", "-p", port, "-q", "1"],
        ...["-t", "graphql/django5mutation", "-m", encoded(message)],
      ]);
      await send(`devices/${phone.deviceId}/mutation`, message);
      // What came first gives the name that all are answered with; over HTTP there is none.
      await until(() => answersOf(phone.deviceId, uuid).length >= 1);
      const overHttp = await phone.graphql(mutation, variables);
      await until(() => answersOf(phone.deviceId, uuid).length >= 3);
      const answers = answersOf(phone.deviceId, uuid);
      expect(new Set(answers.map(({ task_id }) => task_id)).size).toBe(1);
      const done = answers.find(({ result }) => result !== undefined);
      expect(done).toMatchObject({ status: "SUCCESS", serviceName: "updateTaskTour", result: { data: overHttp.data } });
      expect(overHttp.data.updateTaskTour).toMatchObject({ rc: 0, uuids: [uuid] });
      const { runs, status } = await facility.one<{ runs: number; status: string }>(
        `select (select count(*)::integer from mobile_message where $2 = any (uuids)) as runs, status
         from jobneed where id = $1`,
        [id, uuid],
      );
      expect({ runs, status }).toEqual({ runs: 1, status: "COMPLETED" });
      // The topic that everybody hears names ids only, and never the token.
      const sharedOnes = () => heard.filter(({ topic, text }) => topic === "response" && text.includes(uuid));
      await until(() => sharedOnes().length > 0);
      const shared = sharedOnes();
      expect(shared).toHaveLength(1);
      expect(heard.some(({ text }) => text.includes(phone.token))).toBe(false);
      expect(Object.keys(JSON.parse(shared[0]?.text ?? "{}")).sort()).toEqual([
        "serviceName",
        "status",
        "task_id",
        "uuids",
      ]);
    });

    test("one record that is refused is told, record by record", async () => {
      const { uuid } = await makeWork();
      const unknown = randomUUID();
      await send(`devices/${phone.deviceId}/mutation`, {
        mutation: recordsMutation("updateTaskTour"),
        variables: {
          records: [
            { uuid: unknown, status: "INPROGRESS" },
            { uuid, status: "INPROGRESS" },
          ],
        },
        token: phone.token,
      });
      const done = await until(() => answersOf(phone.deviceId, uuid).find(({ result }) => result !== undefined));
      expect(done.result.data.updateTaskTour).toMatchObject({
        ...{ rc: 1, uuids: [uuid] },
        records: [
          { uuid: unknown, rc: 1, code: "NOT_FOUND" },
          { uuid, rc: 0 },
        ],
      });
    });

    test("a status query is answered with the truth, of one's own messages only", async () => {
      const { uuid } = await makeWork();
      const mutation = recordsMutation("updateTaskTour");
      const variables = { records: [{ uuid, status: "INPROGRESS" }] };
      const { body } = await phone.rest("POST", "/mobile/messages", { mutation, variables });
      const stranger = await phones.phoneAt(await facility.makeSite());
      await until(async () => {
        const { body: told } = await phone.rest("POST", "/mobile/messages/status", { taskIds: [body.taskId] });
        return told.items[0].status === "SUCCESS";
      });
      for (const { token } of [phone, stranger]) {
        await send("graphql/mutation/django5status", { taskIds: [{ taskId: body.taskId }], token });
      }
      const told = (deviceId: string) =>
        heard
          .filter(({ topic }) => topic === `devices/${deviceId}/response/status`)
          .map(({ text }) => JSON.parse(text));
      await until(() => told(phone.deviceId).length > 0 && told(stranger.deviceId).length > 0);
      expect(told(phone.deviceId)[0]).toMatchObject([{ taskId: body.taskId, status: "SUCCESS" }]);
      expect(told(stranger.deviceId)).toEqual([[{ taskId: body.taskId, status: "UNKNOWN", result: null }]]);
    });

    test("points are stored in batches, once each, as the sender's own", async () => {
      const before = await stats();
      const points = Array.from({ length: 200 }, (_, n) => ({
        ...{ uuid: randomUUID(), latitude: 12 + n / 1_000, longitude: 77, at: "2026-11-23T08:00:00Z" },
        token: phone.token,
      }));
      await Promise.all(
        [...points, ...points.slice(0, 20)].map((point) => send(`devices/${phone.deviceId}/tracking`, point)),
      );
      await until(async () => (await stats()).points >= before.points + 220);
      const { stored, owners } = await facility.one<{ stored: number; owners: number }>(
        "select count(*)::integer as stored, count(distinct person_id)::integer as owners from tracking where device_id = $1",
        [phone.deviceId],
      );
      expect({ stored, owners }).toEqual({ stored: 200, owners: 1 });
      expect((await stats()).statements - before.statements).toBeLessThan(150);
    });

    test("the test echo answers", async () => {
      await ear.publishAsync("django5post", "hello");
      await until(() => heard.find(({ topic, text }) => topic === "django5received" && text === "hello"));
    });

    test("publish_mqtt is done when the broker has it, and refuses topics that are none", async () => {
      await ear.subscribeAsync("plant/#", { qos: 1 });
      const done = await publishMqtt.callAndWait(phones.runtime, {
        topic: "plant/7",
        payload: { on: true },
        retain: false,
      });
      expect(done).toEqual({ topic: "plant/7", bytes: 11 });
      await until(() => heard.find(({ topic, text }) => topic === "plant/7" && text === '{"on":true}'));
      for (const topic of ["", "a/#", "a/+/b", "a b", "x".repeat(1_001)]) {
        await expect(publishMqtt.enqueue(phones.runtime, { topic, payload: 1 })).rejects.toMatchObject({
          code: "PARAMS_INVALID",
        });
      }
    });

    describe("refuses, counts, and goes on", () => {
      const bomb = deflateSync(Buffer.alloc(200 * 1_048_576)).toString("base64");
      const deep = `${'{"a":'.repeat(50)}1${"}".repeat(50)}`;
      test.each([
        ["a decompression bomb", bomb],
        ["what is no base64", "%%%"],
        ["what does not inflate", "aGVsbG8="],
        ["what is no JSON", deflateSync("hello").toString("base64")],
        ["a list", encoded([1])],
        ["what is too deep", deep],
        ["more than a megabyte", Buffer.alloc(1_100_000, "A").toString()],
        ["nothing", ""],
      ])("%s", async (_what, payload) => {
        const before = (await stats()).refused.PAYLOAD_MALFORMED ?? 0;
        await ear.publishAsync("graphql/django5mutation", payload, { qos: 1 });
        await until(async () => ((await stats()).refused.PAYLOAD_MALFORMED ?? 0) > before);
      });

      const mutation = recordsMutation("updateTaskTour");
      test("a message without a token, or with another's or a wrong one", async () => {
        const uuid = randomUUID();
        const message = { mutation, variables: { records: [{ uuid }] }, uuids: [uuid] };
        const stranger = await phones.phoneAt(await facility.makeSite());
        await send("graphql/django5mutation", message);
        await send(`devices/${phone.deviceId}/mutation`, { ...message, token: "eyJ.no.token" });
        await until(() => answersOf(phone.deviceId, uuid)[0]);
        expect(answersOf(phone.deviceId, uuid)[0]).toMatchObject({
          status: "REFUSED",
          error: { code: "UNAUTHENTICATED" },
        });
        await send(`devices/${phone.deviceId}/mutation`, { ...message, token: stranger.token });
        await until(() => answersOf(stranger.deviceId, uuid)[0]);
        expect(answersOf(stranger.deviceId, uuid)[0]).toMatchObject({
          status: "REFUSED",
          error: { code: "FORBIDDEN" },
        });
        const kept = await facility.all("select 1 from mobile_message where $1 = any (uuids)", [uuid]);
        expect(kept).toEqual([]);
      });

      test.each([
        ["a query", "{ me { name } }", "QUERY_INVALID"],
        [
          "a sign-in",
          'mutation { tokenAuth(input: {loginid: "a", password: "b", deviceid: "c"}) { token } }',
          "QUERY_INVALID",
        ],
        ["an unknown mutation", "mutation { dropEverything { rc } }", "QUERY_INVALID"],
        [
          "deep GraphQL",
          `mutation { insertRecord(records: []) ${"{ output ".repeat(12)}{ rc }${"}".repeat(12)} }`,
          "QUERY_TOO_COSTLY",
        ],
        ["no mutation at all", undefined, "PARAMS_INVALID"],
      ])("%s", async (_what, text, code) => {
        const uuid = randomUUID();
        await send("graphql/django5mutation", { mutation: text, variables: {}, uuids: [uuid], token: phone.token });
        await until(() => answersOf(phone.deviceId, uuid)[0]);
        expect(answersOf(phone.deviceId, uuid)[0]).toMatchObject({ status: "REFUSED", error: { code } });
      });
    });

    test("what came while nobody was there is heard when somebody is", async () => {
      const { id, uuid } = await makeWork();
      await phones.broker.destroyService("mqtt");
      const port = new URL(mosquitto.url).port;
      const message = {
        mutation: recordsMutation("updateTaskTour"),
        variables: { records: [{ uuid, status: "INPROGRESS" }] },
        token: phone.token,
      };
      const pub = spawn("mosquitto_pub", ["-p", port, "-q", "1", "-t", "graphql/django5mutation", "-s"]);
      pub.stdin.end(encoded(message));
      await new Promise((resolve) => pub.on("exit", resolve));
      // A task has one handler in a process: this one hears devices only.
      const { tasks: _, ...schema } = mqttModule.create(phones.parts);
      phones.broker.createService(schema);
      await until(async () => {
        const { status } = await facility.one<{ status: string }>("select status from jobneed where id = $1", [id]);
        return status === "INPROGRESS";
      });
    });
  });
});
