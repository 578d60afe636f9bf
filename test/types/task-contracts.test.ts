/** What must not compile does not: `tsc` checks the expectations here, jest only counts them. */
import { expect, test } from "@jest/globals";
import { z } from "zod";
import { type AcceptedTask, defineTask, type TaskCaller } from "../../runtime/index.ts";
import { runs } from "../../runtime/moleculer/index.ts";

const measure = defineTask({
  name: "measure",
  params: z.object({ site: z.number(), unit: z.enum(["C", "F"]).default("C") }),
  result: z.object({ degrees: z.number() }),
});

/** Never called: only its types matter. */
async function misuse(caller: TaskCaller): Promise<void> {
  await measure.enqueue(caller, { site: 1 });
  await measure.enqueue(caller, { site: 1, unit: "F" }, { countdown: "30s", priority: 9 });
  // @ts-expect-error a parameter is missing
  await measure.enqueue(caller, { unit: "C" });
  // @ts-expect-error a parameter is of the wrong type
  await measure.enqueue(caller, { site: "one" });
  // @ts-expect-error a parameter does not exist
  await measure.enqueue(caller, { site: 1, colour: "red" });
  // @ts-expect-error a value is not one of those allowed
  await measure.enqueue(caller, { site: 1, unit: "K" });
  // @ts-expect-error an option does not exist
  await measure.enqueue(caller, { site: 1 }, { delay: 5 });
  // @ts-expect-error an option is of the wrong type
  await measure.enqueue(caller, { site: 1 }, { priority: "high" });
  // @ts-expect-error every item of many is checked
  await measure.enqueueMany(caller, [{ site: 1 }, { site: "two" }]);
  // @ts-expect-error a caller is needed
  await measure.enqueue({ site: 1 });

  const { degrees } = await measure.callAndWait(caller, { site: 1 });
  degrees.toFixed(1);
  // @ts-expect-error the result has no such field
  (await measure.callAndWait(caller, { site: 1 })).kelvin;
  // @ts-expect-error a number is no text
  const text: string = (await measure.callAndWait(caller, { site: 1 })).degrees;
  const accepted: AcceptedTask<{ degrees: number }> = await measure.enqueue(caller, { site: 1 });
  void [text, accepted];

  runs(measure, (ctx) => ({ degrees: ctx.params.site + (ctx.params.unit === "C" ? 0 : 32) }));
  // @ts-expect-error the handler's result does not fit the contract
  runs(measure, () => ({ degrees: "warm" }));
  // @ts-expect-error the handler reads a parameter that does not exist
  runs(measure, (ctx) => ({ degrees: ctx.params.altitude }));
  // @ts-expect-error a task needs a name
  defineTask({ params: z.object({}) });
  // @ts-expect-error a setting is of the wrong type
  defineTask({ name: "x", params: z.object({}), maxRetries: "many" });
}

test("wrong names, payloads, options and uses of results do not compile", () => {
  expect(misuse).toBeInstanceOf(Function);
  expect(measure.taskName).toBe("measure");
});
