import type { ServiceModule } from "../service-module.ts";
import { ticketEvents } from "./events.ts";
import { ticketImporters } from "./importers.ts";
import { ticketReceivers } from "./receivers.ts";
import { raiseAutocloseTicket } from "./tasks.ts";
import { ticketsService } from "./tickets.service.ts";

export const ticketsModule: ServiceModule = {
  name: "tickets",
  create: ticketsService,
  tasks: [raiseAutocloseTicket],
  events: Object.values(ticketEvents),
  importers: ticketImporters,
  receivers: ticketReceivers,
};
