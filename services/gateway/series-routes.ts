// What the dashboard draws, counts and fills its forms from. Before `/tasks/:id`, which would take `counts` for an id.
import type { RestRoute } from "./rest-route.ts";

export const SERIES_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: "/tasks/counts",
    action: "tasks.counts",
    role: "viewer",
    summary:
      "How many tasks are in each live state, how many ended within the last hour and day, and `deadLetters`: open ones, counted to 10 000.",
  },
  {
    method: "GET",
    path: "/task-types",
    action: "tasks.types",
    role: "viewer",
    summary: "Kinds of tasks: settings, overrides, JSON schema of their parameters, workers, the last hour.",
  },
  {
    method: "GET",
    path: "/series",
    action: "tasks.series",
    role: "viewer",
    summary:
      "Ends, lengths of runs and depth of queues over the last ?minutes= (60; at most 1440), a point each ?step=.",
    query: ["minutes", "step", "queue", "name"],
  },
];
