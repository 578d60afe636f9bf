import type { ServiceModule } from "../service-module.ts";
import { mqttService } from "./mqtt.service.ts";
import { publishMqtt } from "./tasks.ts";

export const mqttModule: ServiceModule = {
  name: "mqtt",
  create: mqttService,
  tasks: [publishMqtt],
};
