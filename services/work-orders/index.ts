import type { ServiceModule } from "../service-module.ts";
import { workOrderEvents } from "./events.ts";
import { workOrderReceivers } from "./receivers.ts";
import { sendWorkOrderReminders } from "./tasks.ts";
import { workOrdersService } from "./work-orders.service.ts";

export const workOrdersModule: ServiceModule = {
  name: "work-orders",
  create: workOrdersService,
  tasks: [sendWorkOrderReminders],
  events: Object.values(workOrderEvents),
  receivers: workOrderReceivers,
};
