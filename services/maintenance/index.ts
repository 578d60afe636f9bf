import type { ServiceModule } from "../service-module.ts";
import { maintenanceService } from "./maintenance.service.ts";
import { cleanupOldRecords } from "./tasks.ts";

export const maintenanceModule: ServiceModule = {
  name: "maintenance",
  create: maintenanceService,
  tasks: [cleanupOldRecords],
};
