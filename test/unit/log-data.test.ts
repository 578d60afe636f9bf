/** What is kept of the data of a log line. */
import { describe, expect, test } from "@jest/globals";
import { encodeLogData, MAX_LOG_DATA_LENGTH } from "../../runtime/contract/log-data.ts";
import { type LogLine, logInto } from "../../runtime/contract/log-line.ts";
import { BoundedLines, MOST_LINES } from "../../runtime/worker/bounded-lines.ts";

const kept = (data: unknown) => JSON.parse(encodeLogData(data) ?? "null");

describe("the data of a line", () => {
  test.each<[string, unknown, unknown]>([
    ["nothing", null, null],
    ["a text", "all of it", "all of it"],
    ["numbers JSON has none of", [Number.NaN, Number.POSITIVE_INFINITY, 12n], ["NaN", "Infinity", "12"]],
    ["a date", { at: new Date(0), never: new Date(Number.NaN) }, { at: "1970-01-01T00:00:00.000Z", never: null }],
    ["a map and a set", { map: new Map([["a", 1]]), set: new Set([1, 2]) }, { map: { a: 1 }, set: [1, 2] }],
    ["bytes", { file: Buffer.from("four"), raw: new ArrayBuffer(3) }, { file: "[4 bytes]", raw: "[3 bytes]" }],
    [
      "what JSON leaves out",
      { left: undefined, call: () => 1, symbol: Symbol("s") },
      { call: "[function]", symbol: "Symbol(s)" },
    ],
    [
      "what has its own JSON",
      { url: new URL("https://u:t0p@a.b/c?token=t0p") },
      { url: "https://[redacted]@a.b/c?token=[redacted]" },
    ],
    [
      "secrets by their names",
      { Password: "t0p", auth: { accessToken: "t0p" }, token: null },
      { Password: "[redacted]", auth: { accessToken: "[redacted]" }, token: null },
    ],
    ["secrets in maps", new Map([["api_key", "t0p"]]), { api_key: "[redacted]" }],
    ["a name that is the prototype's", JSON.parse('{"__proto__": {"a": 1}}'), JSON.parse('{"__proto__": {"a": 1}}')],
  ])("%s", (_what, data, expected) => {
    expect(kept(data)).toEqual(expected);
    expect(encodeLogData(data)).not.toContain("t0p");
  });

  test("of an error: its name, message, code, stack and causes, without the credentials in them", () => {
    const error = Object.assign(new RangeError("cannot reach redis://:t0p@host", { cause: new Error("refused") }), {
      code: "E1",
    });
    expect(kept({ error }).error).toMatchObject({
      name: "RangeError",
      message: "cannot reach redis://[redacted]@host",
      code: "E1",
      stack: expect.stringContaining("log-data.test.ts"),
      cause: { message: "refused" },
    });
    expect(encodeLogData(error)).not.toContain("t0p");
  });

  test("is bounded in breadth, in depth, and as a whole", () => {
    expect(kept(Array.from({ length: 60 }, (_, n) => n)).at(-1)).toBe("… 10 more");
    expect(kept(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${n}`, n])))).toMatchObject({
      "…": "10 more",
    });
    let deep: unknown = "bottom";
    for (let n = 0; n < 100; n++) deep = { deep };
    expect(encodeLogData(deep)).toBe('{"deep":{"deep":{"deep":{"deep":{"deep":"…"}}}}}');
    const wide = (depth: number): unknown => (depth === 0 ? 1 : Array.from({ length: 50 }, () => wide(depth - 1)));
    expect(encodeLogData(wide(3))?.length).toBeLessThan(MAX_LOG_DATA_LENGTH);
    const large = encodeLogData(Array.from({ length: 50 }, () => "x".repeat(10_000)));
    expect(JSON.parse(large ?? "").cut).toHaveLength(MAX_LOG_DATA_LENGTH + 1);
  });

  test("that throws when it is looked at costs nobody anything", () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("not for you");
        },
      },
    );
    expect(kept(hostile)).toBe("[cannot be shown: not for you]");
    expect(
      kept({
        toJSON: () => {
          throw "no";
        },
      }),
    ).toBe("[cannot be shown: no]");
  });

  test("of eight thousand letters in one word takes no longer than any other", () => {
    const before = process.cpuUsage();
    for (let n = 0; n < 200; n++) encodeLogData({ word: "a".repeat(8_000), url: `://${"a".repeat(8_000)}` });
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });
});

test("a log's functions may be taken out of it, and take whatever they are given", () => {
  const lines: LogLine[] = [];
  const { info, error } = logInto((line) => void lines.push(line));
  info("plain");
  error(new Error("as a message") as unknown as string, 7);
  expect(lines).toEqual([
    { level: "info", message: "plain", data: undefined },
    { level: "error", message: "as a message", data: "7" },
  ]);
});

test("what is cut has no half of a credential at its end", () => {
  const lines: LogLine[] = [];
  logInto((line) => void lines.push(line)).info(`${"x".repeat(7_980)} postgres://user:t0p-secret@host`);
  expect(lines[0]?.message).not.toContain("user");
});

describe("the lines of an attempt", () => {
  const of = (count: number) => {
    const lines: string[] = [];
    const bounded = new BoundedLines(({ message }) => void lines.push(message));
    for (let n = 1; n <= count; n++) bounded.add({ level: "info", message: `${n}`, data: undefined });
    bounded.close();
    return lines;
  };

  test("are all kept up to the bound, with nothing said about it", () => {
    expect(of(MOST_LINES - 2)).toHaveLength(MOST_LINES - 2);
    expect(of(0)).toEqual([]);
  });

  test("beyond it are counted, and the last one says so", () => {
    expect(of(MOST_LINES - 1).at(-1)).toBe("lines left out: 1");
    expect(of(10_000)).toHaveLength(MOST_LINES);
    expect(of(10_000).at(-1)).toBe(`lines left out: ${10_000 - MOST_LINES + 2}`);
  });
});
