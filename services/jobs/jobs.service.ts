// Work: its definitions, its occurrences, and what is done about those nobody did. Rules are pure, statements are in the
// stores; this file puts them together.
import { tellOver } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { alertMailActions } from "./alert-mail.ts";
import { autoCloseActions, autoCloseTasks } from "./auto-close-tasks.ts";
import { generationTasks } from "./generation-tasks.ts";
import { jobActions } from "./job-actions.ts";
import { jobneedActions } from "./jobneed-actions.ts";

export function jobsService(parts: ServiceParts): TaskServiceSchema {
  let broadcast: Tell = () => {};
  const tell: Tell = (event, payload) => broadcast(event, payload);
  return {
    name: "jobs",
    tasks: { ...generationTasks(parts, tell), ...autoCloseTasks(parts, tell) },
    actions: {
      ...jobActions(parts, tell),
      ...jobneedActions(parts, tell),
      ...autoCloseActions(parts),
      ...alertMailActions(parts),
    },
    created() {
      broadcast = tellOver(this.broker);
    },
  };
}
