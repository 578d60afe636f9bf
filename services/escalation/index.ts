import type { ServiceModule } from "../service-module.ts";
import { escalationService } from "./escalation.service.ts";
import { escalationEvents } from "./events.ts";
import { escalationImporters } from "./importers.ts";
import { escalationReceivers } from "./receivers.ts";
import { noteReminder, sendReminderEmail, ticketEscalation } from "./tasks.ts";

export const escalationModule: ServiceModule = {
  name: "escalation",
  create: escalationService,
  tasks: [ticketEscalation, sendReminderEmail, noteReminder],
  events: Object.values(escalationEvents),
  importers: escalationImporters,
  receivers: escalationReceivers,
};
