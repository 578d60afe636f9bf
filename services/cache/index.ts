import type { ServiceModule } from "../service-parts.ts";
import { cacheService } from "./cache.service.ts";

export const cacheModule: ServiceModule = { name: "cache", create: cacheService, tasks: [] };
