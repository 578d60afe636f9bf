/** What a device's payload may be, and what is refused before it costs anything. */
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { decode, MOST_INFLATED_BYTES, MOST_VALUES } from "../../services/mqtt/devices/decode.ts";
import { deviceIn } from "../../services/mqtt/devices/device-topics.ts";
import { shapeOf } from "../../services/mqtt/devices/json-shape.ts";

const MEGABYTE = 1_048_576;
const packed = (bytes: string | Buffer) => Buffer.from(deflateSync(bytes).toString("base64"));
const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
const sized = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;

describe("reads", () => {
  test.each([
    ["base64 of zlib of JSON", packed('{"a":"ü","b":[1,null]}')],
    [
      "the same in lines, as some encoders write it",
      Buffer.from(
        packed('{"a":"ü","b":[1,null]}')
          .toString()
          .replace(/(.{8})/g, "$1\r\n"),
      ),
    ],
    ["JSON as it is", Buffer.from(' \n{"a":"ü","b":[1,null]}\n')],
  ])("%s", async (_what, payload) => {
    expect(await decode(payload)).toEqual({ a: "ü", b: [1, null] });
  });

  test("up to 32 levels, and up to 10 MB once it is inflated", async () => {
    await decode(packed(nested(32)));
    await decode(Buffer.from(nested(32)));
    expect((await decode(packed(sized(MOST_INFLATED_BYTES)))).a).toHaveLength(MOST_INFLATED_BYTES - 8);
  });

  test("JSON of a megabyte, to the byte", async () => {
    await decode(Buffer.from(sized(MEGABYTE)));
  });
});

test("as many values as five thousand records of fifty fields have", async () => {
  const values = Array.from({ length: MOST_VALUES - 2 }, () => 1);
  expect((await decode(packed(JSON.stringify({ a: values })))).a).toHaveLength(values.length);
});

describe("the shape of JSON", () => {
  const ample = { depth: 100, values: 100 };
  test.each([
    ["{}", { depth: 1, values: 1 }],
    ['{"a":1}', { depth: 1, values: 1 }],
    ['{"a":[1,2,{"b":[]}],"c":3}', { depth: 4, values: 7 }],
    ['{"a":"[[[{{{,,,"}', { depth: 1, values: 1 }],
    [String.raw`{"a":"\\\"[[[,","b":"\\"}`, { depth: 1, values: 2 }],
    [String.raw`{"a":"\\","b":[]}`, { depth: 2, values: 3 }],
    ['{"a":"', { depth: 1, values: 1 }],
    ["", { depth: 0, values: 0 }],
  ])("%s", (text, shape) => {
    expect(shapeOf(Buffer.from(text), ample)).toEqual(shape);
  });

  test("is not looked at further than it matters", () => {
    expect(shapeOf(Buffer.from("[".repeat(1_000)), { depth: 3, values: 100 })).toEqual({ depth: 4, values: 4 });
    expect(shapeOf(Buffer.from(",".repeat(1_000)), { depth: 3, values: 5 })).toEqual({ depth: 0, values: 6 });
  });
});

describe("refuses, and says why", () => {
  test.each([
    ["nothing", Buffer.alloc(0), /neither JSON nor base64/],
    ["what is no base64", Buffer.from("%%%"), /neither JSON nor base64/],
    ["bytes of any kind", Buffer.from([0, 255, 1, 254]), /neither JSON nor base64/],
    ["zlib without base64", deflateSync('{"a":1}'), /neither JSON nor base64/],
    ["base64 of what is not zlib", Buffer.from("aGVsbG8="), /does not inflate/],
    ["gzip instead of zlib", Buffer.from(gzipSync("{}").toString("base64")), /does not inflate/],
    ["half a message", packed(sized(5_000)).subarray(0, 20), /does not inflate/],
    ["text", packed("hello"), /no JSON/],
    ["JSON that breaks off", Buffer.from('{"a":'), /no JSON/],
    ["a list", packed("[1]"), /no JSON object/],
    ["null", packed("null"), /no JSON object/],
    ["33 levels", packed(nested(33)), /32 levels/],
    ["a million levels", packed(`{"a":${"[".repeat(MEGABYTE)}${"]".repeat(MEGABYTE)}}`), /32 levels/],
    ["ten megabytes of empty objects", packed(`{"a":[${"{},".repeat(3 * MEGABYTE)}1]}`), /250000 values/],
    ["ten megabytes of numbers", packed(`{"a":[${"1,".repeat(5 * MEGABYTE - 10)}1]}`), /250000 values/],
    ["a byte more than a megabyte", Buffer.from(sized(MEGABYTE + 1)), /1048577 bytes; 1048576/],
    ["a byte more than 10 MB once it is inflated", packed(sized(MOST_INFLATED_BYTES + 1)), /more than 10485760/],
  ])("%s", async (_what, payload, why) => {
    await expect(decode(payload)).rejects.toMatchObject({
      ...{ name: "ApiumError", code: "PAYLOAD_MALFORMED", retryable: false },
      message: expect.stringMatching(why),
    });
  });

  test.each([
    ["a megabyte of spaces", Buffer.from(`A${" ".repeat(MEGABYTE - 2)}%`)],
    ["a megabyte of equals signs", Buffer.from(`A${"=".repeat(MEGABYTE - 2)}%`)],
    ["ten megabytes of empty objects", packed(`{"a":[${"{},".repeat(3 * MEGABYTE)}1]}`)],
    ["five megabytes of backslashes", packed(`{"a":"${"\\".repeat(5 * MEGABYTE)}`)],
    ["five million quotes", packed(`{"a":"${'\\"'.repeat(2 * MEGABYTE)}`)],
  ])("%s, without holding up everybody else", async (_what, payload) => {
    const holdUp = async () => {
      let [longestMs, last] = [0, performance.now()];
      const pulse = setInterval(() => {
        longestMs = Math.max(longestMs, performance.now() - last);
        last = performance.now();
      }, 1);
      await expect(decode(payload)).rejects.toMatchObject({ code: "PAYLOAD_MALFORMED" });
      await new Promise((resolve) => setTimeout(resolve, 5));
      clearInterval(pulse);
      return longestMs;
    };
    // A tenth of it on a quiet machine; parsing it would be several times as much. The best of three: this process may
    // have stood still by itself.
    let longestMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && longestMs >= 2_500; tries += 1) longestMs = Math.min(longestMs, await holdUp());
    expect(longestMs).toBeLessThan(2_500);
  });

  test("a bomb of 500 MB, in flat memory", async () => {
    const bomb = packed(Buffer.alloc(500 * MEGABYTE));
    expect(bomb.length).toBeLessThan(MEGABYTE);
    const before = process.memoryUsage().rss;
    for (let n = 0; n < 10; n += 1) await expect(decode(bomb)).rejects.toMatchObject({ code: "PAYLOAD_MALFORMED" });
    expect((process.memoryUsage().rss - before) / MEGABYTE).toBeLessThan(150);
  });
});

test.each([
  ["devices/a/mutation", "a"],
  ["guard/a.b:c/tracking", "a.b:c"],
  ["devices/a%2Fb/status", "a/b"],
  ["devices/%E0/status", "%E0"],
  ["devices/a/b/c", "a"],
  ["devices/a", undefined],
  ["devices//mutation", undefined],
  ["graphql/mutation", undefined],
  ["x/devices/a/mutation", undefined],
])("%s is of device %s", (topic, device) => {
  expect(deviceIn(topic)).toBe(device);
});
