import type { ServiceModule } from "../service-module.ts";
import { cacheService } from "./cache.service.ts";

export const cacheModule: ServiceModule = { name: "cache", create: cacheService, tasks: [] };
