import type { ServiceModule } from "../service-parts.ts";
import { mediaService } from "./media.service.ts";
import { moveMediaToCloudStorage } from "./tasks.ts";

export const mediaModule: ServiceModule = {
  name: "media",
  create: mediaService,
  tasks: [moveMediaToCloudStorage],
};
