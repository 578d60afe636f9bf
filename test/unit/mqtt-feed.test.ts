/** What the change feed says, and where: the pure rules. */
import { describe, expect, test } from "@jest/globals";
import { brokerOptions } from "../../services/mqtt/broker-address.ts";
import { coalesce, feedMessage, publicRow, topicOfClient } from "../../services/mqtt/feed/announcement.ts";
import type { Change, Operation } from "../../services/mqtt/feed/outbox.ts";
import { publishMqtt } from "../../services/mqtt/tasks.ts";
import { covers } from "../../services/mqtt/topics.ts";

let ids = 0;
function change(uuid: string, operation: Operation, entity = "job"): Change {
  ids += 1;
  return { id: ids, entity, uuid, clientId: 1, operation, transaction: "5", changedAt: "2026-01-05T03:35:00.000Z" };
}

describe("several changes of one row", () => {
  test("are one announcement, in the place of the last", () => {
    const changes = [change("a", "UPDATE"), change("b", "UPDATE"), change("a", "UPDATE"), change("c", "UPDATE")];
    const announcements = coalesce(changes);
    expect(announcements.map(({ uuid }) => uuid)).toEqual(["b", "a", "c"]);
    expect(announcements[1]?.ids).toEqual([changes[0]?.id, changes[2]?.id]);
    expect(announcements[1]?.messageId).toMatch(new RegExp(`-${changes[2]?.id}$`));
  });

  test("of different tables are not mixed up", () => {
    expect(coalesce([change("a", "UPDATE"), change("a", "UPDATE", "asset")])).toHaveLength(2);
  });

  test.each<[Operation[], Operation]>([
    [["CREATE", "UPDATE"], "CREATE"],
    [["UPDATE", "UPDATE"], "UPDATE"],
    [["CREATE", "DELETE"], "DELETE"],
    [["DELETE", "CREATE"], "CREATE"],
    [["UPDATE", "DELETE"], "DELETE"],
  ])("%j is told as %s", (operations, told) => {
    expect(coalesce(operations.map((operation) => change("a", operation)))[0]?.operation).toBe(told);
  });
});

describe("a message", () => {
  const [announcement] = coalesce([change("a", "UPDATE")]);
  if (announcement === undefined) throw new Error("no announcement");

  test("says what the row says now", () => {
    const { text } = feedMessage(announcement, { uuid: "a", site_id: 3, changed_in: "9" });
    expect(JSON.parse(text)).toEqual({
      messageId: announcement.messageId,
      operation: "UPDATE",
      app: "apium",
      models: "job",
      uuid: "a",
      changedAt: "2026-01-05T03:35:00.000Z",
      payload: { uuid: "a", siteId: 3 },
    });
  });

  test("tells of a row that is gone as deleted", () => {
    expect(JSON.parse(feedMessage(announcement, undefined).text)).toMatchObject({ operation: "DELETE", payload: null });
  });

  test("that is too large goes without its payload; one that just fits goes whole", () => {
    const row = { name: "ü".repeat(100) };
    const bytes = Buffer.byteLength(feedMessage(announcement, row).text);
    expect(feedMessage(announcement, row, bytes)).toMatchObject({ isTruncated: false });
    const cut = feedMessage(announcement, row, bytes - 1);
    expect(cut.isTruncated).toBe(true);
    expect(JSON.parse(cut.text)).toMatchObject({ uuid: "a", payload: null, truncated: true });
  });
});

test("secrets stay here, whatever column or JSON they come in", () => {
  const shown = publicRow({
    login_id: "anna",
    password_hash: "x",
    token: "x",
    device_token: "x",
    changed_in: "7",
    starts_at: "08:00:00",
    shipping_pincode: "560001",
    secondary_emails: ["a@b.example"],
    details: {
      api_key: "x",
      apiKey: "x",
      "Private-Key": "x",
      inner: [{ clientSecret: "x", colour: "red" }],
      tokenizer: 1,
    },
  });
  expect(shown).toEqual({
    loginId: "anna",
    startsAt: "08:00:00",
    shippingPincode: "560001",
    secondaryEmails: ["a@b.example"],
    details: { inner: [{ colour: "red" }], tokenizer: 1 },
  });
});

describe("a client's topic", () => {
  const client = { id: 1, uuid: "0000-1", code: "BANK_1", isUnique: true };

  test("is named for its code", () => expect(topicOfClient(client)).toBe("clients/BANK_1/feed"));

  test.each(["A/B", "#", "+", "A B", "", "Ä"])("is named for its uuid where the code is %j", (code) => {
    expect(topicOfClient({ ...client, code })).toBe("clients/0000-1/feed");
  });

  test("is named for its uuid where another client has the same code", () => {
    expect(topicOfClient({ ...client, isUnique: false })).toBe("clients/0000-1/feed");
  });
});

test.each<[string, string, boolean]>([
  ["a/b", "a/b", true],
  ["a/b", "a/b/c", false],
  ["a/b/c", "a/b", false],
  ["a/+", "a/b", true],
  ["a/+", "a/b/c", false],
  ["a/#", "a", true],
  ["a/#", "a/b/c", true],
  ["#", "a/b", true],
  ["#", "$SYS/broker", false],
  ["+/broker", "$SYS/broker", false],
  ["$share/apium/devices/+/mutation", "devices/7/mutation", true],
  ["$share/apium/devices/+/mutation", "devices/7/status", false],
])("the filter %s and the topic %s: %s", (filter, topic, isCovered) => {
  expect(covers(filter, topic)).toBe(isCovered);
});

describe("MQTT_URL", () => {
  test("carries credentials, in which any sign may be", () => {
    expect(brokerOptions("mqtts://a%40b:p%3Aw%2F@broker.example")).toEqual({
      protocol: "mqtts",
      host: "broker.example",
      port: 8_883,
      username: "a@b",
      password: "p:w/",
    });
  });

  test("cannot change who we are at the broker", () => {
    expect(brokerOptions("mqtt://[::1]:1999?clientId=other")).toEqual({ protocol: "mqtt", host: "::1", port: 1_999 });
  });

  test.each(["http://a", "nothing", "mqtts://a?ca=/does/not/exist"])("%s is refused", (url) => {
    expect(() => brokerOptions(url)).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID" }));
  });
});

describe("the parameters of publish_mqtt", () => {
  const isTaken = (params: object) => publishMqtt.params.safeParse({ payload: {}, ...params }).success;

  test("have QoS 1 and no retain unless they say otherwise", () => {
    expect(publishMqtt.params.parse({ topic: "a", payload: [1] })).toEqual({
      topic: "a",
      payload: [1],
      qos: 1,
      retain: false,
    });
  });

  test.each(["redmine_to_noc", "a/b-c.d", "x".repeat(1_000)])("take the topic %s", (topic) =>
    expect(isTaken({ topic })).toBe(true),
  );

  test.each(["", "a/#", "+/b", "a b", "a\0", "ä", "a\n", "x".repeat(1_001)])("refuse the topic %j", (topic) =>
    expect(isTaken({ topic })).toBe(false),
  );

  test("refuse QoS 2 and payloads beyond a megabyte", () => {
    expect(isTaken({ topic: "a", qos: 2 })).toBe(false);
    expect(isTaken({ topic: "a", payload: "x".repeat(900_000) })).toBe(true);
    expect(isTaken({ topic: "a", payload: "x".repeat(1_048_577) })).toBe(false);
  });
});
