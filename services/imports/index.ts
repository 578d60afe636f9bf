import type { Importers } from "../importer.ts";
import type { ServiceModule } from "../service-module.ts";
import { importEvents } from "./events.ts";
import { importsService } from "./imports.service.ts";
import { importFacility } from "./tasks.ts";

/** `importers` are the rooms' own, put together where all rooms are known. */
export function importsModule(importers: Importers): ServiceModule {
  return {
    name: "imports",
    alongside: ["facility", "jobs", "tickets"],
    create: (parts) => importsService(parts, importers),
    tasks: [importFacility],
    events: Object.values(importEvents),
  };
}
