import type { ServiceModule } from "../service-parts.ts";
import { schedulerService } from "./scheduler.service.ts";

export const schedulerModule: ServiceModule = { name: "scheduler", create: schedulerService, tasks: [] };
