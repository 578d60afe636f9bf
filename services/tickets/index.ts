import type { ServiceModule } from "../service-parts.ts";
import { ticketsService } from "./tickets.service.ts";

export const ticketsModule: ServiceModule = {
  name: "tickets",
  create: ticketsService,
  tasks: [],
  migrations: { name: "tickets", folder: new URL("./migrations/", import.meta.url) },
};
