// Work: its definitions, its occurrences, and what is done about those nobody did. Rules are pure, statements are in the
// stores; this file puts them together.
import { messageOf } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { autoCloseActions, autoCloseTasks } from "./auto-close-tasks.ts";
import { loadDemoWork } from "./demo-work.ts";
import { generationTasks } from "./generation-tasks.ts";
import { jobActions } from "./job-actions.ts";
import { jobneedActions } from "./jobneed-actions.ts";
import { createJob, createPpmJob } from "./tasks.ts";

const DEMO_WAIT_MS = 10_000;

export function jobsService(parts: ServiceParts): TaskServiceSchema {
  let broadcast: Tell = () => {};
  const tell: Tell = (event, payload) => broadcast(event, payload);
  return {
    name: "jobs",
    tasks: { ...generationTasks(parts, tell), ...autoCloseTasks(parts, tell) },
    actions: { ...jobActions(parts, tell), ...jobneedActions(parts, tell), ...autoCloseActions(parts) },
    started() {
      const { database, settings, log } = parts;
      if (database.engine !== "pglite" || !settings.SERVICES.includes("tickets")) return;
      // The demo facility itself is the tickets service's to load; the start does not wait for it.
      this.broker
        .waitForServices("tickets", DEMO_WAIT_MS)
        .then(() => beginDemo(parts))
        .catch((error: unknown) => log.warn(`no work for the demo facility: ${messageOf(error)}`));
    },
    created() {
      broadcast = (event, payload) => void this.broker.broadcast(event, payload).catch(() => {});
    },
  };
}

async function beginDemo({ database, runtime, log }: ServiceParts): Promise<void> {
  if (!(await loadDemoWork(database))) return;
  await createJob.enqueue(runtime, {});
  await createPpmJob.enqueue(runtime, {});
  log.info("loaded work for the demo facility; its occurrences are on their way");
}
