import type { ServiceModule } from "../service-module.ts";
import { accountsService } from "./accounts.service.ts";
import { accountEvents } from "./events.ts";

/** Wherever the facility is asked for, and wherever somebody may knock. */
export const accountsModule: ServiceModule = {
  name: "facility",
  alongside: ["gateway"],
  create: accountsService,
  tasks: [],
  events: Object.values(accountEvents),
};
