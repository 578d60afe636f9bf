/** Which of the doctor's findings the dashboard takes for a schedule's own. */
import { expect, test } from "@jest/globals";
import { isAbout } from "../../dashboard/pages/schedules/is-about.ts";

test.each([
  ["TASK_MISSING", "email", true],
  ["EVERY_MINUTE", "email", true],
  ["TASK_MISSING", "reports", false],
  ["QUEUE_UNATTENDED", "email", false],
  ["COLLISION", "email, reports", false],
])("%s of %s: about the schedule email it is %s", (code, subject, isIt) => {
  expect(isAbout({ name: "email" }, { severity: "error", code, subject, message: "", suggestion: "" })).toBe(isIt);
});
