/** Keys of rate limits: what a task's parameters may make of them, and what the database can keep. */
import { expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import type { ClaimedTask } from "../../runtime/queue/queue.ts";
import { rateOf } from "../../runtime/worker/rate-gate.ts";

const limited = defineTask({
  name: "limited",
  params: z.object({ tenant: z.string() }),
  rateLimit: "10/s",
  rateLimitKey: ({ tenant }) => tenant.trim(),
});

function keyOf(params: unknown): string | undefined {
  const claimed: ClaimedTask = {
    id: "0190aaaa-0000-7000-8000-000000000001",
    name: "limited",
    queue: "default",
    lane: "normal",
    priority: 5,
    attempt: 1,
    retries: 0,
    crashes: 0,
    params,
    overrides: null,
    headers: null,
    parentId: null,
    keyed: false,
    rateSlotAt: undefined,
  };
  return rateOf(limited, claimed)?.key;
}

test("a key is the task's name and its own part", () => {
  expect(keyOf({ tenant: "acme" })).toBe("limited:acme");
});

test("parameters of which no key can be read leave the task's own", () => {
  expect(keyOf({})).toBe("limited");
});

test("a key that the database cannot keep is known by its digest, each by its own", () => {
  const keys = [`a\0`, `b\0`, "x".repeat(501), "x".repeat(5_000)].map((tenant) => keyOf({ tenant }));
  for (const key of keys) expect(key).toMatch(/^limited:[0-9a-f]{64}$/);
  expect(new Set(keys).size).toBe(4);
});
