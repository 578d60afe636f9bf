// Where the facility's files are while they are on this disk.
import { join } from "node:path";
import { type ObjectStore, openFolderStore } from "../../object-store/index.ts";
import type { Settings } from "../../settings.ts";

export function mediaRoot(settings: Settings): string {
  return settings.MEDIA_ROOT ?? join(settings.DATA_DIR, "media");
}

export function localMedia(settings: Settings): ObjectStore {
  return openFolderStore(mediaRoot(settings));
}
