import type { ServiceModule } from "../service-module.ts";
import { schedulerService } from "./scheduler.service.ts";

export const schedulerModule: ServiceModule = { name: "scheduler", create: schedulerService, tasks: [] };
