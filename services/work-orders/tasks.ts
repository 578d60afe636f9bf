import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

export const sendWorkOrderReminders = defineTask({
  name: "send_work_order_reminders",
  summary: "Reminds of orders that are late and of permits that nobody decides, once a day each.",
  params: z.object({}),
  result: z.object({ reminders: z.number() }),
  queue: "email",
  maxRetries: 3,
  retryDelay: "5m",
  softTimeLimit: "10m",
  timeLimit: "15m",
});
