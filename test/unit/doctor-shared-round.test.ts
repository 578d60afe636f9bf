/** Rounds of the doctor: one for all who ask at once, and for those who ask shortly after. */
import { expect, test } from "@jest/globals";
import { VirtualClock } from "../../runtime/index.ts";
import { shareRounds } from "../../services/doctor/shared-round.ts";

const rounds = () => {
  const clock = new VirtualClock();
  const begun: PromiseWithResolvers<string>[] = [];
  const ask = shareRounds(clock, () => {
    const round = Promise.withResolvers<string>();
    begun.push(round);
    return round.promise;
  });
  return { clock, begun, ask };
};

test("who asks while a round is under way, and within three seconds of its end, is told of that one", async () => {
  const { clock, begun, ask } = rounds();
  const first = ask();
  await clock.advance(10_000);
  const meanwhile = ask();
  begun[0]?.resolve("the first");
  expect(await Promise.all([first, meanwhile])).toEqual(["the first", "the first"]);
  await clock.advance(2_999);
  expect(await ask()).toBe("the first");
  await clock.advance(1);
  const next = ask();
  begun[1]?.resolve("the second");
  expect(await next).toBe("the second");
  expect(begun).toHaveLength(2);
});

test("a round that failed is begun anew", async () => {
  const { begun, ask } = rounds();
  const both = Promise.allSettled([ask(), ask()]);
  begun[0]?.reject(new Error("stopped"));
  expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  const next = ask();
  begun[1]?.resolve("the second");
  expect(await next).toBe("the second");
});
