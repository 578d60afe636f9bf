import type { ServiceModule } from "../service-module.ts";
import { scheduleEvents } from "./events.ts";
import { schedulerService } from "./scheduler.service.ts";

export const schedulerModule: ServiceModule = {
  name: "scheduler",
  create: schedulerService,
  tasks: [],
  events: Object.values(scheduleEvents),
};
