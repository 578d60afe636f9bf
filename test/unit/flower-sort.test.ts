/** The order of Flower's lists. */
import { expect, test } from "@jest/globals";
import { sortBy, sortingOf } from "../../services/gateway/flower/sort-tasks.ts";

const tasks = [
  { uuid: "a", name: "tasks.b", started: 10.5, runtime: null },
  { uuid: "b", name: "tasks.a", started: 10.123, runtime: 2 },
  { uuid: "c", name: "tasks.c", started: null, runtime: 10 },
];
const order = (by: string) => {
  const sorting = sortingOf(by);
  return sorting && sortBy(sorting, tasks).map(({ uuid }) => uuid);
};

test("numbers are sorted by their size, fractions too; what has not begun comes first", () => {
  expect(order("started")).toEqual(["c", "b", "a"]);
  expect(order("-started")).toEqual(["a", "b", "c"]);
  expect(order("runtime")).toEqual(["a", "b", "c"]);
});

test("names are sorted by their letters", () => expect(order("name")).toEqual(["b", "a", "c"]));

test("the order in which lists come needs no sorting; what nothing is sorted by is refused by name", () => {
  expect(sortingOf("-received")).toBeUndefined();
  expect(sortingOf(undefined)).toBeUndefined();
  expect(() => sortingOf("toString")).toThrow(expect.objectContaining({ code: "PARAMS_INVALID" }));
});
