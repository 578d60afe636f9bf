/** Writes docs/reference/errors.md from the catalogue; a test holds the two against each other. */
import { writeFileSync } from "node:fs";
import { ERRORS } from "../runtime/index.ts";

export function errorReference(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, retryable, meaning, step }]) =>
      `| \`${code}\` | ${status} | ${retryable ? "yes" : "no"} | ${meaning} | ${step} |`,
  );
  return [
    "# Errors",
    "",
    "Every error Apium throws on purpose carries one of these codes; at the gateway it is `error.code`. Written from",
    "`runtime/contract/errors.ts` by `node scripts/write-error-reference.ts`.",
    "",
    "| code | status | try again | meaning | next step |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL("../docs/reference/errors.md", import.meta.url), errorReference());
}
