/** The page people read and the table the faces are tried by say the same. */
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parityReference } from "../../scripts/write-parity-reference.ts";

test("docs/reference/parity.md is what the table says", () => {
  const page = readFileSync(new URL("../../docs/reference/parity.md", import.meta.url), "utf8");
  expect(page).toBe(parityReference());
});
