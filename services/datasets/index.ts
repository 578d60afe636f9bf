import type { ServiceModule } from "../service-module.ts";
import { datasetsService } from "./datasets.service.ts";
import { processChunk, processLargeDataset } from "./tasks.ts";

export const datasetsModule: ServiceModule = {
  name: "datasets",
  create: datasetsService,
  tasks: [processLargeDataset, processChunk],
};
