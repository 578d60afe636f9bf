// What the imports service tells.
import { z } from "zod";
import { defineEvent } from "../../runtime/index.ts";

const counts = z.strictObject({
  ...{ rows: z.int(), created: z.int(), changed: z.int(), unchanged: z.int(), bad: z.int() },
});

export const importEvents = {
  imported: defineEvent({
    event: "facility.imported",
    meaning: "Rows of table files were taken in: how many of each kind.",
    payload: z.strictObject({ id: z.int(), counts: z.record(z.string(), counts) }),
  }),
};
