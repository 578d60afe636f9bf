import type { ServiceModule } from "../service-module.ts";
import { cacheService } from "./cache.service.ts";
import { cacheBroadcasts } from "./events.ts";

export const cacheModule: ServiceModule = {
  name: "cache",
  create: cacheService,
  tasks: [],
  events: Object.values(cacheBroadcasts),
};
