import type { ServiceModule } from "../service-module.ts";
import { mobileEvents } from "./events.ts";
import { type MobileParts, mobileService } from "./mobile.service.ts";
import { processGraphqlMutationAsync } from "./tasks.ts";

/**
 * Wherever phones knock: passwords and large messages stay in the process that took them in.
 * @param mobile - the rooms that take records in, and the tables that phones keep a copy of.
 */
export function mobileModule(mobile: MobileParts): ServiceModule {
  return {
    name: "mobile",
    alongside: ["gateway", "mqtt"],
    create: (parts) => mobileService(parts, mobile),
    tasks: [processGraphqlMutationAsync],
    events: Object.values(mobileEvents),
  };
}
