// Files of the facility: taken in to the disk, moved to the store when they are old, found wherever they are.
import { join } from "node:path";
import { openObjectStore } from "../../object-store/index.ts";
import { messageOf } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { removeAbandoned } from "../abandoned-files.ts";
import type { ServiceParts } from "../service-parts.ts";
import { isBeingTaken } from "./attach.ts";
import { removeEmptyFolders } from "./empty-folders.ts";
import { mediaActions } from "./media-actions.ts";
import { moveMedia, type Stores } from "./mover.ts";
import { localMedia, mediaRoot } from "./stores.ts";
import { moveMediaToCloudStorage } from "./tasks.ts";

export function mediaService(parts: ServiceParts): TaskServiceSchema {
  const { settings, log } = parts;
  let stores: Stores | undefined;
  const opened = (): Stores => {
    if (stores === undefined) throw new Error("the media service is not started");
    return stores;
  };
  return {
    name: "media",
    actions: mediaActions(parts, opened),
    tasks: {
      moveMediaToCloudStorage: runs(moveMediaToCloudStorage, async (ctx) => {
        const { task } = ctx.locals;
        const folder = join(mediaRoot(settings), "transactions");
        await removeAbandoned(parts, folder, isBeingTaken);
        const moved = await moveMedia(parts, opened(), {
          olderThanDays: ctx.params.olderThanDays,
          signal: task.signal,
          onFile: ({ moved: files, bytes }) => task.progress(0.5, `${files} files, ${bytes} bytes`),
        });
        await removeEmptyFolders(folder).catch((error: unknown) => log.warn(`empty folders stay: ${messageOf(error)}`));
        return moved;
      }),
    },
    async started() {
      stores = {
        local: localMedia(settings),
        remote: openObjectStore({
          folder: join(settings.DATA_DIR, "objects"),
          ...(settings.MEDIA_BUCKET === undefined ? {} : { bucket: settings.MEDIA_BUCKET }),
        }),
      };
    },
    async stopped() {
      await stores?.local.close();
      await stores?.remote.close();
    },
  };
}
