import type { ServiceModule } from "../service-module.ts";
import { gatewayService } from "./gateway.service.ts";

export const gatewayModule: ServiceModule = { name: "gateway", create: gatewayService, tasks: [] };
