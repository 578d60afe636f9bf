/** What of the list's filter is handed to an action on all that match, and how far off a time is said to be. */
import { expect, test } from "@jest/globals";
import { relative } from "../../dashboard/core/format.ts";
import { filterOf, revokeFilter, runNowFilter } from "../../dashboard/pages/tasks/filter.ts";

const of = (query: string) => filterOf(new URLSearchParams(query));
const MAIL = "name=send_mail";

test.each([
  [`state=RETRY&${MAIL}`, { name: "send_mail", states: ["RETRY"] }],
  [`state=RETRY,QUEUED,SCHEDULED&${MAIL}`, { name: "send_mail", states: ["RETRY", "SCHEDULED"] }],
  ["state=RETRY&queue=email&q=anna&header=tenant:a:b", { queue: "email", text: "anna", headers: { tenant: "a:b" } }],
])("%s can be run now", (query, filter) => {
  expect(runNowFilter(of(query))).toMatchObject(filter);
});

test.each([
  ["the whole system would be meant", "state=RETRY"],
  ["nothing of the list waits for its time", `state=QUEUED,FAILURE&${MAIL}`],
  ["the list is of every state", MAIL],
  ["the action knows no worker", `state=RETRY&worker=w1&${MAIL}`],
  ["the action knows no time", `state=RETRY&time=1h&${MAIL}`],
  ["the action knows no parent", `state=RETRY&parentId=p&${MAIL}`],
])("not offered where %s", (_why, query) => {
  expect(runNowFilter(of(query))).toBeUndefined();
});

test("revoking means every unfinished state where none is chosen, and none where only ended ones are", () => {
  expect(revokeFilter(of(MAIL))).toEqual({ name: "send_mail" });
  expect(revokeFilter(of(`state=SUCCESS&${MAIL}`))).toBeUndefined();
});

test.each([
  [59 * 60_000, "in 59 min"],
  [82 * 60_000, "in 1 h 22 min"],
  [144 * 60_000, "in 2 h 24 min"],
  [-3 * 3_600_000, "3 h ago"],
  [50 * 3_600_000, "in 2 d"],
])("%d ms off is '%s'", (ms, words) => {
  expect(relative(1_000_000 + ms, 1_000_000)).toBe(words);
});
