/** What the server makes of work nobody reported: domain.md §7.3, row by row. */
import { describe, expect, test } from "@jest/globals";
import { closingOf } from "../../services/jobs/auto-close.ts";

const work = (notifyCategory: string | null) => ({ checkpoints: 0, done: 0, notifyCategory });
const tour = (done: number, notifyCategory: string | null = null) => ({ checkpoints: 5, done, notifyCategory });

describe("overdue work", () => {
  test.each([
    ["a task whose category notifies", work("AUTOCLOSENOTIFY"), "AUTOCLOSED", "mail"],
    ["a task whose category raises a ticket", work("RAISETICKETNOTIFY"), "AUTOCLOSED", "ticket"],
    ["a task of another category", work("GENERAL"), "AUTOCLOSED", "nobody"],
    ["a task without a category", work(null), "AUTOCLOSED", "nobody"],
    ["a tour with 2 of 5 done", tour(2), "PARTIALLYCOMPLETED", "nobody"],
    ["a tour with 2 of 5 done that notifies", tour(2, "AUTOCLOSENOTIFY"), "PARTIALLYCOMPLETED", "mail"],
    ["a tour with 2 of 5 done that raises a ticket", tour(2, "RAISETICKETNOTIFY"), "PARTIALLYCOMPLETED", "ticket"],
    ["a tour with 0 of 5 done", tour(0, "AUTOCLOSENOTIFY"), "AUTOCLOSED", "mail"],
    ["a tour with 5 of 5 done that was not marked", tour(5), "COMPLETED", "nobody"],
    ["the same where the category notifies", tour(5, "RAISETICKETNOTIFY"), "COMPLETED", "nobody"],
    ["a category that is a property of objects", work("constructor"), "AUTOCLOSED", "nobody"],
  ] as const)("%s", (_, overdue, status, tells) => {
    expect(closingOf(overdue)).toEqual({ status, tells });
  });
});
