import { z } from "zod";
import { defineTask } from "../../../runtime/index.ts";

/** The name its process has at the database. */
export const TALKER = "talking-worker";

export const talkOn = defineTask({ name: "talk_on", params: z.object({}) });
