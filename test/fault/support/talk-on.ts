import { z } from "zod";
import { defineTask } from "../../../runtime/index.ts";

export const talkOn = defineTask({ name: "talk_on", params: z.object({}) });
