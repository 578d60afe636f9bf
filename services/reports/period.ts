// The span of time a report is about: from its first instant up to, and without, its last.
import type { z } from "zod";
import { instant } from "../fields.ts";

const DAY_MS = 86_400_000;
/** A month, and the hour that a change of the clocks may add. */
const LONGEST_MS = 31 * DAY_MS + 3_600_000;

/** `from` ≤ rows < `upto`. */
export const range = { from: instant, upto: instant };

/** For `.superRefine` of an object that has a range: in order, and at most 31 days. */
export function checkRange(given: { from: Date; upto: Date }, ctx: z.RefinementCtx): void {
  const length = given.upto.getTime() - given.from.getTime();
  const refuse = (message: string) => ctx.addIssue({ code: "custom", path: ["upto"], message });
  if (length <= 0) refuse("must be after from");
  if (length > LONGEST_MS) refuse("must be at most 31 days after from");
}
