// What there is to read about one task besides its row.
import type { RestRoute } from "./rest-route.ts";

export const TASK_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: "/tasks/:id/logs",
    action: "tasks.logs",
    role: "viewer",
    summary:
      "What a task's handlers have said, oldest first; level is the least urgent one, after the seq of the last line seen.",
    query: ["after", "limit", "level"],
  },
  {
    method: "GET",
    path: "/tasks/:id/tree",
    action: "tasks.tree",
    role: "viewer",
    summary: "The task's whole family, from its topmost parent down to every descendant; 500 tasks at most.",
  },
];
