/** What the audit's list says of a change before anybody looks at its JSON. */
import { expect, test } from "@jest/globals";
import { sentenceOf } from "../../dashboard/pages/audit/sentence.ts";

test.each([
  [
    { name: "send_mail", states: ["RETRY"], dryRun: false, matched: 3, byState: { RETRY: 3 }, held: 0, released: 3 },
    "name send_mail, states RETRY, by state RETRY 3, 3 matched, 3 released",
  ],
  [{ outcome: "revoked", terminate: true }, "outcome revoked, terminate"],
  [{ count: 2, released: 12_000 }, "count 2, 12,000 released"],
  [{ params: { a: { b: 1 } } }, "params a …"],
  [{ left: 0, held: null, dryRun: false, ids: [] }, ""],
  [{}, ""],
])("%j is told as '%s'", (details, told) => {
  expect(sentenceOf(details)).toBe(told);
});

test("what somebody is no longer is told of a change", () => {
  const details = { isAdmin: false, leadId: null, alsoSet: ["email"] };
  expect(sentenceOf(details, "person.change")).toBe("is admin false, lead id null, also set email");
});

test("a long text, and many parts, are cut at their end", () => {
  expect(sentenceOf({ text: "x".repeat(100) })).toBe(`text ${"x".repeat(55)}…`);
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`part${n}`, "a"]));
  expect(sentenceOf(many)).toMatch(/part7 a and more$/);
});
