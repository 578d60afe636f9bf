import type { ServiceModule } from "../service-module.ts";
import { metricsService } from "./metrics.service.ts";

/** Wherever there is a gateway to read them through. */
export const metricsModule: ServiceModule = {
  name: "metrics",
  alongside: ["gateway"],
  create: metricsService,
  tasks: [],
};
