/** A mover as a process of its own, to be killed: moves what there is, and ends. */
import { openPostgres } from "../../../database/index.ts";
import { openFolderStore, openObjectStore } from "../../../object-store/index.ts";
import { PostgresQueue, Runtime, silentLog } from "../../../runtime/index.ts";
import { moveMedia } from "../../../services/media/mover.ts";
import type { ServiceParts } from "../../../services/service-parts.ts";

const { MOVER_DATABASE = "", MOVER_FOLDER = "", MOVER_BUCKET = "", MOVER_CLAIM_MS = "" } = process.env;
const database = openPostgres({ url: MOVER_DATABASE });
const runtime = new Runtime({ database, queue: (parts, expect) => new PostgresQueue(database, parts, expect) });
const parts = { database, runtime, log: silentLog } as Pick<
  ServiceParts,
  "database" | "runtime" | "log"
> as ServiceParts;
const stores = {
  local: openFolderStore(MOVER_FOLDER),
  remote: openObjectStore({ folder: "", bucket: "media", apiEndpoint: MOVER_BUCKET }),
};
const { moved, found, failed, broken, missing } = await moveMedia(parts, stores, {
  olderThanDays: 0,
  claimMs: Number(MOVER_CLAIM_MS),
});
process.stdout.write(JSON.stringify({ moved, found, failed, broken, missing }));
process.exit(0);
