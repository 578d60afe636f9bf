// What the mobile service tells.
import { z } from "zod";
import { defineEvent } from "../../runtime/index.ts";

export const mobileEvents = {
  done: defineEvent({
    event: "mobile.done",
    meaning: "A phone's message was run. One of the processes that speak to devices passes it on.",
    reach: "one",
    payload: z.strictObject({
      ...{ taskId: z.string(), personId: z.int(), clientId: z.int(), deviceId: z.string().nullable() },
      uuids: z.array(z.string()).readonly(),
      serviceName: z.string().nullable(),
      status: z.enum(["PENDING", "SUCCESS", "FAILURE"]),
    }),
  }),
};
