/** What the dashboard asks again and again: a slow answer is waited for, and all who ask meanwhile share one more question. */
import { expect, test } from "@jest/globals";
import { oneAtATime } from "../../dashboard/core/one-at-a-time.ts";

test("what runs goes on to its end, and what was asked meanwhile runs once after it", async () => {
  const ends: (() => void)[] = [];
  const ask = oneAtATime(() => new Promise<void>((resolve) => ends.push(resolve)));
  const first = ask();
  const meanwhile = [ask(), ask(), ask()];
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await first;
  await Promise.resolve();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await Promise.all(meanwhile);
  expect(ends).toHaveLength(2);
  void ask();
  expect(ends).toHaveLength(3);
});
