// docs/reference/errors.md, from the catalogue the code throws from.
import { ERRORS } from "../runtime/index.ts";
import { code, page, table } from "./references/markdown.ts";

export function errorReference(): string {
  return page("Errors", "`runtime/contract/error-catalogue.ts`", [
    "Every error Apium throws on purpose carries one of these codes; at the gateway it is `error.code`.",
    table(
      ["code", "status", "try again", "meaning", "next step"],
      Object.entries(ERRORS).map(([name, { status, retryable, meaning, step }]) => [
        code(name),
        String(status),
        retryable ? "yes" : "no",
        meaning,
        step,
      ]),
    ),
  ]);
}
