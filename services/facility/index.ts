import type { ServiceModule } from "../service-module.ts";
import { facilityService } from "./facility.service.ts";
import { facilityImporters } from "./importers.ts";

export const facilityModule: ServiceModule = {
  name: "facility",
  alongside: ["tickets", "jobs"],
  create: facilityService,
  tasks: [],
  importers: facilityImporters,
};
