/**
 * A guard's phone against the product as it is started: embedded with its own MQTT broker, and in three processes with NATS,
 * PostgreSQL and Mosquitto. The same upload by MQTT and HTTP is one effect; the change feed tells of it; an alert is mailed.
 */
import { deflateSync } from "node:zlib";
import { afterEach, describe, expect, test } from "@jest/globals";
import { connectAsync, type MqttClient } from "mqtt";
import { eventually } from "../support/backends.ts";
import { recordsMutation, SIGN_IN } from "../support/phones.ts";
import { adminToken, client, type Program, start } from "../support/programs.ts";
import { describeWith } from "../support/requires.ts";
import { startMosquitto, startNats } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers, read field by field.
type Any = any;
const PASSWORD = "correct horse battery staple";
const encoded = (value: unknown) => deflateSync(JSON.stringify(value)).toString("base64");

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

async function running(settings: Readonly<Record<string, string>>): Promise<Program> {
  const program = await start(settings);
  cleanups.push(() => program.stop());
  return program;
}
function folder(): string {
  const made = temporaryFolder();
  cleanups.push(() => made.remove());
  return made.path;
}
async function hearing(url: string, topics: readonly string[], options: object = {}) {
  const heard: { readonly topic: string; readonly message: Any }[] = [];
  const mqtt: MqttClient = await connectAsync(url, options);
  cleanups.push(() => mqtt.endAsync(true));
  mqtt.on("message", (topic, payload) => heard.push({ topic, message: JSON.parse(payload.toString()) }));
  await mqtt.subscribeAsync([...topics], { qos: 1 });
  return { mqtt, heard };
}

/** A person with a phone, and work for them: a checklist with a number from 2 to 6. */
async function guard(url: string, api: ReturnType<typeof client>) {
  const made = async (path: string, body: object) => {
    const answer = await api.post(path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body as Any;
  };
  const site = await made("/sites", { code: "E2E", name: "Mill", timezone: "Asia/Kolkata" });
  const person = await made("/people", {
    ...{ siteId: site.id, name: "Gita", code: "G-1", loginId: "gita", email: "gita@facility.example" },
    ...{ isVerified: true, isAdmin: true },
  });
  await made(`/people/${person.id}/password`, { password: PASSWORD });
  const question = await made("/questions", {
    ...{ name: "Oil pressure", answerType: "NUMERIC", minValue: 2, maxValue: 6, clientId: person.clientId },
  });
  const set = await made("/question-sets", {
    name: "Boiler",
    clientId: person.clientId,
    members: [{ questionId: question.id }],
  });
  const work = await made("/jobneeds", {
    siteId: site.id,
    name: "Boiler round",
    questionSetId: set.id,
    personId: person.id,
  });
  const graphql = async (query: string, variables: object, token?: string): Promise<Any> => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  };
  const { data, errors } = await graphql(SIGN_IN, {
    input: { loginid: "gita", password: PASSWORD, deviceid: "phone-1" },
  });
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return { graphql, work, token: data.tokenAuth.token as string };
}

/** The same upload by MQTT and by HTTP; what the phone was told, and what became of it. */
async function uploads(url: string, token: string, mqttUrl: string, optionsOf: (phone: string) => object) {
  const api = client(url, token);
  await eventually(async () => {
    const seen = await Promise.all(["/sites", "/mqtt", "/jobneeds"].map((path) => api.get(path)));
    return seen.every(({ status }) => status === 200) && seen[1]?.body.hearsDevices === true;
  }, 90_000);
  const { graphql, work, token: phone } = await guard(url, api);
  const device = await hearing(mqttUrl, ["devices/phone-1/response"], optionsOf(phone));
  const mutation = recordsMutation("updateTaskTour");
  const variables = {
    records: [
      {
        ...{ uuid: work.uuid, status: "COMPLETED", endedAt: "2026-11-23T08:10:00Z" },
        details: [{ uuid: work.details[0].uuid, answer: "9.5" }],
      },
    ],
  };
  const message = encoded({ mutation, variables, token: phone });
  await device.mqtt.publishAsync("devices/phone-1/mutation", message, { qos: 1 });
  // The gateway waits for its run for twenty seconds; then a phone sends the same again.
  const overHttp = await eventually(async () => {
    const answer = await graphql(mutation, variables, phone);
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    return answer;
  }, 90_000);
  await device.mqtt.publishAsync("graphql/django5mutation", message, { qos: 1 });
  const answers = await eventually(async () => {
    const told = device.heard.map(({ message: each }) => each);
    return told.length >= 3 && told.some(({ result }) => result !== undefined) ? told : undefined;
  }, 90_000);
  const done = answers.find(({ result }) => result !== undefined);
  expect(overHttp.data.updateTaskTour).toMatchObject({ rc: 0, uuids: [work.uuid] });
  expect(done).toMatchObject({ status: "SUCCESS", result: { data: overHttp.data } });
  expect(new Set(answers.map(({ task_id }) => task_id)).size).toBe(1);
  expect((await api.get(`/jobneeds/${work.id}`)).body).toMatchObject({ status: "COMPLETED", hasAlerts: true });
  const alerts = (await api.get("/tasks?name=send_readings_alert")).body.items as { state: string }[];
  expect(alerts).toHaveLength(1);
  return { api, work };
}

describe("embedded, with no setting", () => {
  test("a phone's upload by MQTT and HTTP is one effect, and its alert is in the mailbox", async () => {
    const dataDir = folder();
    const program = await running({ DATA_DIR: dataDir });
    const token = adminToken(dataDir);
    const { embedded } = (await client(program.url, token).get("/mqtt")).body as { embedded: string };
    const { api } = await uploads(program.url, token, embedded, (phone) => ({ username: "device", password: phone }));
    await eventually(async () => {
      const { items } = (await api.get("/mailbox")).body as { items: { subject: string }[] };
      return items.find(({ subject }) => subject.startsWith("[READINGS ALERT] Site:Mill"));
    }, 90_000);
    // Nobody else's topics, and nobody without a token.
    await expect(
      connectAsync(embedded, { username: "device", password: "nonsense", reconnectPeriod: 0 }),
    ).rejects.toThrow();
  }, 400_000);
});

describeWith(["postgres", "mosquitto"], "in three processes", () => {
  test("the phone's messages, the change feed and publish_mqtt go over NATS and Mosquitto", async () => {
    const database = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    cleanups.push(() => database.drop());
    const nats = await startNats();
    cleanups.push(() => nats.stop());
    const mosquitto = await startMosquitto();
    cleanups.push(() => mosquitto.stop());
    const dataDir = folder();
    const shared = {
      ...{ DATA_DIR: dataDir, DATABASE_URL: database.url, NATS_URL: nats.url, MQTT_URL: mosquitto.url },
      JWT_SECRET: "a secret of this test that is long enough",
    };
    const feed = await hearing(mosquitto.url, ["redmine_to_noc", "clients/+/feed"]);
    const gateway = await running({ ...shared, SERVICES: "gateway,cache", QUEUES: "" });
    await running({ ...shared, SERVICES: "mqtt,email", QUEUES: "email,external_api" });
    await running({ ...shared, SERVICES: "facility,jobs,tickets,escalation,mobile", QUEUES: "high_priority,default" });
    const { api, work } = await uploads(gateway.url, adminToken(dataDir), mosquitto.url, () => ({}));
    const changes = await eventually(async () => {
      const about = feed.heard.filter(({ message }) => message.uuid === work.uuid);
      const isTold = ["redmine_to_noc", "clients/"].every((name) =>
        about.some(({ topic, message }) => topic.startsWith(name) && message.payload.status === "COMPLETED"),
      );
      return isTold ? about : undefined;
    }, 90_000);
    expect(changes[0]?.message).toMatchObject({ app: "apium", models: "jobneed", uuid: work.uuid });
    const published = await api.post("/tasks?wait=60s", {
      name: "publish_mqtt",
      params: { topic: "plant/1", payload: { on: true } },
    });
    expect(published).toMatchObject({ status: 200, body: { result: { topic: "plant/1", bytes: 11 } } });
  }, 600_000);
});
