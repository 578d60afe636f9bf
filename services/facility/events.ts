// What the accounts tell.
import { z } from "zod";
import { defineEvent } from "../../runtime/index.ts";

export const accountEvents = {
  changed: defineEvent({
    event: "accounts.changed",
    meaning:
      "A token was revoked or a password changed: what is remembered of accounts is to be forgotten. Whoever does not hear it finds out within half a minute.",
    payload: z.undefined(),
  }),
};
