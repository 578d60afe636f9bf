/** What must hold for any input: delays, messages, ids, array literals, joins, what is recorded of errors. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Database, instantArray, numberArray, plainArray, textArray } from "../../database/index.ts";
import { VirtualClock } from "../../runtime/contract/clock.ts";
import { durationMs } from "../../runtime/contract/duration.ts";
import { type ChildOutcome, type JoinPlan, judgeJoin } from "../../runtime/contract/join.ts";
import { canonicalJson } from "../../runtime/contract/json.ts";
import { SeededRandom } from "../../runtime/contract/random.ts";
import { baseDelayMs, delayMs, judge, retryPolicy } from "../../runtime/contract/retry-policy.ts";
import { describeError } from "../../runtime/contract/task-error.ts";
import { idSource, isTaskId } from "../../runtime/contract/task-id.ts";
import { decodeMessage, encodeMessage } from "../../runtime/contract/task-message.ts";
import type { FinalState } from "../../runtime/contract/task-state.ts";
import { openEmbedded } from "../support/embedded-database.ts";

const anyText = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.string());

describe("delays of retries", () => {
  const policies = fc.record({
    retryDelay: fc.oneof(fc.nat(10_000_000), fc.constantFrom("250ms", "30s", "1h")),
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    max: fc.nat(100_000_000),
  });

  test("stay between their share of chance and their cap, and never shrink before it", () => {
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 10_000 }),
        fc.nat(),
        ({ retryDelay, ...backoff }, retry, seed) => {
          const policy = retryPolicy({ retryDelay, backoff });
          const base = baseDelayMs(policy, retry);
          const delay = delayMs(policy, retry, new SeededRandom(seed));
          expect(base).toBeLessThanOrEqual(backoff.max);
          expect(baseDelayMs(policy, retry + 1)).toBeGreaterThanOrEqual(base);
          expect(delay).toBeGreaterThanOrEqual(Math.round(base * (1 - backoff.jitter)) - 1);
          expect(delay).toBeLessThanOrEqual(Math.round(base));
        },
      ),
      { numRuns: 2_000, examples: [[{ retryDelay: 0, factor: 100, jitter: 0, max: 1 }, 200, 0]] },
    );
  });

  test("are what the call or the task asks for where there is no backoff, however long", () => {
    fc.assert(
      fc.property(fc.constantFrom("1s", "9m", "11m", "2h", "3d"), fc.boolean(), (retryDelay, byCall) => {
        const policy = byCall ? retryPolicy({}, { retryDelay }) : retryPolicy({ retryDelay });
        expect(baseDelayMs(policy, 1)).toBe(durationMs(retryDelay));
      }),
    );
  });

  test("are judged for whatever a handler may throw", () => {
    const thrown = fc.oneof(
      fc.anything({ withNullPrototype: true, withDate: true, withBigInt: true }),
      fc.record({ retryAfter: fc.anything() }),
      anyText.map((text) => new Error(text)),
    );
    fc.assert(
      fc.property(thrown, (error) => {
        const verdict = judge(error, retryPolicy({}), 0, new SeededRandom(1));
        if (verdict.kind === "retry") expect(new Date(Date.now() + verdict.inMs).getTime()).not.toBeNaN();
        expect(describeError(error).code).toEqual(expect.any(String));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("messages", () => {
  const refs = fc.record({ id: fc.uuid(), attempt: fc.integer({ min: 1, max: 2 ** 31 - 1 }) });
  const bytesOf = (text: string) => new TextEncoder().encode(text);

  function decodes(bytes: Uint8Array): void {
    try {
      const { id, attempt } = decodeMessage(bytes);
      expect([isTaskId(id), Number.isInteger(attempt), attempt >= 1]).toEqual([true, true, true]);
    } catch (error) {
      expect(error).toMatchObject({ name: "ApiumError", code: expect.stringMatching(/^MESSAGE_(MALFORMED|VERSION)$/) });
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  }

  test("come back as they went", () => {
    fc.assert(fc.property(refs, (ref) => expect(decodeMessage(bytesOf(encodeMessage(ref)))).toEqual(ref)));
  });

  test("that were cut, mixed or had their bytes changed are refused with a code and nothing else", () => {
    const change = fc.record({
      at: fc.nat(200),
      byte: fc.nat(255),
      kind: fc.constantFrom("set", "insert", "delete", "cut"),
    });
    fc.assert(
      fc.property(refs, fc.array(change, { minLength: 1, maxLength: 8 }), (ref, changes) => {
        const bytes = [...bytesOf(encodeMessage(ref))];
        for (const { at, byte, kind } of changes) {
          const index = at % Math.max(bytes.length, 1);
          if (kind === "cut") bytes.length = index;
          else bytes.splice(index, kind === "insert" ? 0 : 1, ...(kind === "delete" ? [] : [byte]));
        }
        decodes(Uint8Array.from(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  test("that are any other JSON are refused with a code, and pollute nothing", () => {
    const id = "0190aaaa-0000-7000-8000-000000000001";
    const part = fc.oneof(
      fc.constantFrom(1, 0, -1, 1.5, 2 ** 31, id, id.toUpperCase(), "1", null, true),
      fc.jsonValue(),
    );
    const shapes = fc.oneof(
      fc.record({ v: part, id: part, attempt: part }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
      fc.json(),
      fc.json().map((json) => `{"__proto__":{"polluted":${json}},"constructor":{"prototype":{"polluted":1}},"v":1}`),
      fc.constant("[".repeat(511)),
    );
    fc.assert(
      fc.property(shapes, (text) => decodes(bytesOf(text))),
      { numRuns: 2_000 },
    );
  });
});

describe("task ids", () => {
  test("are unique and sort by the time they were made, whatever the clock does", () => {
    const moves = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -5_000, max: 5_000 })), { maxLength: 200 });
    fc.assert(
      fc.property(moves, fc.nat(), (steps, seed) => {
        let now = Date.UTC(2026, 0, 1);
        const clock = Object.assign(new VirtualClock(), { now: () => now });
        const newId = idSource(clock, new SeededRandom(seed));
        const ids = steps.flatMap((step) => {
          now += step;
          return [newId(), newId()];
        });
        expect([...ids].sort()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.every((id) => isTaskId(id) && /^.{14}7.{4}[89ab]/.test(id))).toBe(true);
      }),
    );
  });

  test("carry their time of creation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 43 }), (ms) => {
        const id = idSource(new VirtualClock(ms), new SeededRandom(1))();
        expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(ms);
      }),
    );
  });
});

describe("array literals", () => {
  let database: Database;
  beforeAll(async () => {
    database = await openEmbedded();
  }, 400_000);
  afterAll(() => database.close());

  async function through(cast: string, literal: string): Promise<unknown[]> {
    const { rows } = await database.query<{ value: unknown }>(
      `select value from unnest($1::text::${cast}) with ordinality as u(value, place) order by place`,
      [literal],
    );
    return rows.map(({ value }) => value);
  }

  test("give any texts back, quotes, backslashes, braces and NULL among them", async () => {
    // PostgreSQL keeps no NUL, and UTF-8 has no half of a surrogate pair.
    const kept = anyText.map((text) => text.replaceAll("\0", "").toWellFormed());
    const awkward = fc.constantFrom(
      "NULL",
      "null",
      "",
      " ",
      '"',
      "\\",
      '\\"',
      "{",
      "}",
      ",",
      "{a,b}",
      "'",
      "\n",
      "\t",
      "é😀",
    );
    const texts = fc.array(fc.option(fc.oneof(awkward, kept)), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(texts, async (values) => expect(await through("text[]", textArray(values))).toEqual(values)),
      { numRuns: 300 },
    );
  }, 400_000);

  test("give any JSON back", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.jsonValue().filter((value) => value !== null),
          { maxLength: 8 },
        ),
        async (values) => {
          const texts = values.map((value) => JSON.stringify(value));
          const back = await through("json[]", textArray(texts));
          expect(back.map(canonicalJson)).toEqual(texts.map((text) => canonicalJson(JSON.parse(text))));
        },
      ),
      { numRuns: 100 },
    );
  }, 400_000);

  test("give ids, numbers and instants back", async () => {
    const values = fc.record({
      ids: fc.array(fc.uuid()),
      numbers: fc.array(fc.option(fc.double({ noNaN: true }))),
      instants: fc.array(fc.option(fc.integer({ min: 0, max: 4e12 }))),
    });
    await fc.assert(
      fc.asyncProperty(values, async ({ ids, numbers, instants }) => {
        expect(await through("uuid[]", plainArray(ids))).toEqual(ids);
        const same = (value: unknown) => (value === 0 ? 0 : value); // -0 and 0 are one number here
        expect((await through("float8[]", numberArray(numbers))).map(same)).toEqual(numbers.map(same));
        const times = await through("timestamptz[]", instantArray(instants));
        expect(times.map((time) => (time === null ? null : (time as Date).getTime()))).toEqual(instants);
      }),
      { numRuns: 100 },
    );
  }, 400_000);
});

describe("joins", () => {
  const ends = fc.array(fc.constantFrom<FinalState>("SUCCESS", "FAILURE", "REVOKED"), { minLength: 1, maxLength: 12 });
  const child = (index: number, state: FinalState | null): ChildOutcome => ({
    index,
    id: String(index),
    state,
    result: `result ${index}`,
    error: null,
  });

  test("of all end exactly when their policy says, in whatever order the children end", () => {
    const order = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(
        ends,
        fc.constantFrom("fail" as const, "continue" as const),
        order,
        (states, onChildFailure, picks) => {
          const plan: JoinPlan = { kind: "all", onChildFailure };
          const children = states.map((_state, index) => child(index, null));
          const left = states.map((_state, index) => index);
          const expected = () => {
            if (onChildFailure === "fail" && children.some(({ state }) => state !== null && state !== "SUCCESS"))
              return "fail";
            return left.length === 0 ? "succeed" : "wait";
          };
          while (left.length > 0) {
            expect(judgeJoin(plan, children).kind).toBe(expected());
            const [index = 0] = left.splice((picks.next().value ?? 0) % left.length, 1);
            children[index] = child(index, states[index] ?? null);
          }
          const verdict = judgeJoin(plan, children);
          expect(verdict.kind).toBe(expected());
          if (verdict.kind === "succeed") expect(verdict.result).toHaveLength(states.length);
        },
      ),
    );
  });

  test("of chains start each step once, in order, and end with the last or the first that fails", () => {
    fc.assert(
      fc.property(ends, (states) => {
        const plan: JoinPlan = {
          kind: "chain",
          steps: states.map((_state, index) => ({ name: `s${index}`, params: {} })),
        };
        const children = [child(0, null)];
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThanOrEqual(states.length);
          const current = children.length - 1;
          expect(judgeJoin(plan, children).kind).toBe("wait");
          children[current] = child(current, states[current] ?? null);
          const verdict = judgeJoin(plan, children);
          if (states[current] !== "SUCCESS")
            return expect(verdict).toMatchObject({ kind: "fail", child: { index: current } });
          if (current + 1 === states.length)
            return expect(verdict).toEqual({ kind: "succeed", result: `result ${current}` });
          expect(verdict).toEqual({ kind: "next", index: current + 1, previous: `result ${current}` });
          children.push(child(current + 1, null));
        }
      }),
    );
  });
});

describe("what is recorded of an error", () => {
  test("holds no password of a URL in its message, stack or cause, wherever it stands", () => {
    const secret = fc.string({ unit: fc.constantFrom(..."abcXYZ019-_.~!$%&()*+,;=@:#?"), minLength: 8, maxLength: 20 });
    const scheme = fc.constantFrom("postgres", "smtp", "nats", "rediss", "amqp+tls");
    fc.assert(
      fc.property(anyText, scheme, secret, anyText, (before, protocol, password, after) => {
        const text = `${before} ${protocol}://user:${password}@host.example:5432/path ${after}`;
        const { message, stack, cause } = describeError(new Error(text, { cause: new Error(text) }));
        for (const told of [message, stack, cause?.message]) {
          expect(told).not.toContain(password);
          expect(told).toContain(`${protocol}://[redacted]@host.example:5432/path`);
        }
      }),
    );
  });

  test("is bounded and can be stored, whatever was thrown", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 5_000, size: "max" }), (text) => {
        const described = describeError(new Error(text));
        expect(described.message.length).toBeLessThanOrEqual(2_001);
        expect(JSON.stringify(described)).not.toContain("\\u0000");
      }),
      { numRuns: 50 },
    );
  });
});
