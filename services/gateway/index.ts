import type { ServiceModule } from "../service-parts.ts";
import { gatewayService } from "./gateway.service.ts";

export const gatewayModule: ServiceModule = { name: "gateway", create: gatewayService, tasks: [] };
