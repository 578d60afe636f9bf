/** The page operators read and the catalogue the code throws from say the same. */
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { errorReference } from "../../scripts/write-error-reference.ts";

test("docs/reference/errors.md is what the catalogue says", () => {
  const page = readFileSync(new URL("../../docs/reference/errors.md", import.meta.url), "utf8");
  expect(page).toBe(errorReference());
});
