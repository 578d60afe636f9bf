// Every service by its door. `SERVICES` in the settings chooses which of them a process runs; their task contracts are
// known to all.
import { cacheModule } from "./cache/index.ts";
import { datasetsModule } from "./datasets/index.ts";
import { doctorModule } from "./doctor/index.ts";
import { emailModule } from "./email/index.ts";
import { escalationModule } from "./escalation/index.ts";
import { accountsModule } from "./facility/accounts-module.ts";
import { facilityModule } from "./facility/index.ts";
import { SYNC_TABLES } from "./facility/sync-tables.ts";
import { gatewayModule } from "./gateway/index.ts";
import type { Importers } from "./importer.ts";
import { importsModule } from "./imports/index.ts";
import { jobsModule } from "./jobs/index.ts";
import { maintenanceModule } from "./maintenance/index.ts";
import { mediaModule } from "./media/index.ts";
import { metricsModule } from "./metrics/index.ts";
import { mobileModule } from "./mobile/index.ts";
import { mqttModule } from "./mqtt/index.ts";
import type { Receivers } from "./receiver.ts";
import { reportsModule } from "./reports/index.ts";
import { schedulerModule } from "./scheduler/index.ts";
import type { ServiceModule } from "./service-module.ts";
import { ticketsModule } from "./tickets/index.ts";
import { workOrdersModule } from "./work-orders/index.ts";

const FACILITY: readonly ServiceModule[] = [facilityModule, jobsModule, escalationModule, ticketsModule];

/** Every room's, in the order in which their rows refer to one another. */
export const IMPORTERS: Importers = (parts) => FACILITY.flatMap(({ importers }) => importers?.(parts) ?? []);

/** In the order in which a record goes through the rooms that want it. */
export const RECEIVERS: Receivers = (parts) =>
  [...FACILITY, workOrdersModule, mediaModule].flatMap(({ receivers }) => receivers?.(parts) ?? []);

export const SERVICES: readonly ServiceModule[] = [
  cacheModule,
  ...FACILITY,
  accountsModule,
  importsModule(IMPORTERS),
  reportsModule,
  mediaModule,
  maintenanceModule,
  workOrdersModule,
  mobileModule({ receivers: RECEIVERS, tables: SYNC_TABLES }),
  mqttModule,
  metricsModule,
  doctorModule,
  emailModule,
  datasetsModule,
  schedulerModule,
  gatewayModule,
];
