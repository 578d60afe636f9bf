// Work that others do at a site: orders to vendors, permits to work, and who has to agree.
import { tellOver } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { remindOfWorkOrders } from "./reminders.ts";
import { sendWorkOrderReminders } from "./tasks.ts";
import { workOrderActions } from "./work-order-actions.ts";

export function workOrdersService(parts: ServiceParts): TaskServiceSchema {
  let broadcast: Tell = () => {};
  return {
    name: "workOrders",
    actions: workOrderActions(parts, (event, payload) => broadcast(event, payload)),
    tasks: {
      sendWorkOrderReminders: runs(sendWorkOrderReminders, (ctx) => remindOfWorkOrders(parts, ctx.locals.task.signal)),
    },
    created() {
      broadcast = tellOver(this.broker);
    },
  };
}
