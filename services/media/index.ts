import type { ServiceModule } from "../service-module.ts";
import { mediaService } from "./media.service.ts";
import { mediaReceivers } from "./receivers.ts";
import { moveMediaToCloudStorage } from "./tasks.ts";

export const mediaModule: ServiceModule = {
  name: "media",
  create: mediaService,
  tasks: [moveMediaToCloudStorage],
  receivers: mediaReceivers,
};
