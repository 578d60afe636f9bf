import type { ServiceModule } from "../service-module.ts";
import { jobEvents, jobneedEvents } from "./events.ts";
import { jobImporters } from "./importers.ts";
import { jobsService } from "./jobs.service.ts";
import { jobReceivers } from "./receivers.ts";
import { autoCloseJobs, createJob, createPpmJob } from "./tasks.ts";

export const jobsModule: ServiceModule = {
  name: "jobs",
  create: jobsService,
  tasks: [createJob, createPpmJob, autoCloseJobs],
  events: [...Object.values(jobEvents), ...Object.values(jobneedEvents)],
  importers: jobImporters,
  receivers: jobReceivers,
};
