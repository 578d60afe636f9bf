// Keeps the facility's tables from growing for ever.
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import {
  type Cleanup,
  cleanUp,
  OLD_CHANGES,
  OLD_DELETED_ROWS,
  OLD_IMPORTS,
  OLD_MESSAGES,
  OLD_TRACKING,
} from "./cleanup.ts";
import { cleanupOldRecords } from "./tasks.ts";

const DAY_MS = 86_400_000;

export function maintenanceService({ database, runtime }: ServiceParts): TaskServiceSchema {
  return {
    name: "maintenance",
    tasks: {
      cleanupOldRecords: runs(cleanupOldRecords, async (ctx) => {
        const { trackingDays, deletedRowDays, importDays, messageDays, changeDays } = ctx.params;
        const { task } = ctx.locals;
        const now = runtime.parts.clock.now();
        const older = (cleanup: Cleanup, days: number) =>
          cleanUp(database, cleanup, now - days * DAY_MS, {
            signal: task.signal,
            onBatch: (total) => task.progress(0.5, `${total} rows of ${cleanup.name}`),
          });
        return {
          tracking: await older(OLD_TRACKING, trackingDays),
          deletedRows: await older(OLD_DELETED_ROWS, deletedRowDays),
          imports: await older(OLD_IMPORTS, importDays),
          messages: await older(OLD_MESSAGES, messageDays),
          changes: await older(OLD_CHANGES, changeDays),
        };
      }),
    },
  };
}
