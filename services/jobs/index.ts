import type { ServiceModule } from "../service-module.ts";
import { jobImporters } from "./importers.ts";
import { jobsService } from "./jobs.service.ts";
import { jobReceivers } from "./receivers.ts";
import { autoCloseJobs, createJob, createPpmJob } from "./tasks.ts";

export const jobsModule: ServiceModule = {
  name: "jobs",
  create: jobsService,
  tasks: [createJob, createPpmJob, autoCloseJobs],
  importers: jobImporters,
  receivers: jobReceivers,
};
