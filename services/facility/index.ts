import type { ServiceModule } from "../service-module.ts";
import { facilityService } from "./facility.service.ts";
import { facilityImporters } from "./importers.ts";
import { facilityReceivers } from "./receivers.ts";

export const facilityModule: ServiceModule = {
  name: "facility",
  alongside: ["tickets", "jobs"],
  create: facilityService,
  tasks: [],
  importers: facilityImporters,
  receivers: facilityReceivers,
};
