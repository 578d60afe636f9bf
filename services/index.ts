// Every service by its door. `SERVICES` in the settings chooses which of them a process runs; their task contracts are
// known to all.
import { datasetsModule } from "./datasets/index.ts";
import { emailModule } from "./email/index.ts";
import { gatewayModule } from "./gateway/index.ts";
import { schedulerModule } from "./scheduler/index.ts";
import type { ServiceModule } from "./service-parts.ts";
import { ticketsModule } from "./tickets/index.ts";

export const SERVICES: readonly ServiceModule[] = [
  ticketsModule,
  emailModule,
  datasetsModule,
  schedulerModule,
  gatewayModule,
];
