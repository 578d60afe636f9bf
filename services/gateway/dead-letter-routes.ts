// Dead letters over REST.
import type { RestRoute } from "./rest-route.ts";

const FILTER = ["ids", "name", "queue", "code", "text", "since", "until"];

export const DEAD_LETTER_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: "/dead-letters",
    action: "tasks.deadLetters",
    role: "viewer",
    summary:
      "Dead letters, oldest first; open ones unless handled=true. `code` is the error's, `text` in it or the params.",
    query: [...FILTER.filter((field) => field !== "ids"), "handled", "limit", "cursor"],
  },
  {
    method: "POST",
    path: "/dead-letters/requeue",
    action: "tasks.requeueDeadLetters",
    role: "operator",
    summary: "Requeue all open dead letters that fit, at a rate such as 10/s; with dryRun only count them.",
    body: [...FILTER, "limit", "rate", "dryRun"],
  },
  {
    method: "POST",
    path: "/dead-letters/dismiss",
    action: "tasks.dismissDeadLetters",
    role: "operator",
    summary:
      "Mark all open dead letters that fit as handled; with dryRun only count them. `all: true` means every one.",
    body: [...FILTER, "all", "dryRun"],
  },
  {
    method: "GET",
    path: "/dead-letters/:id",
    action: "tasks.deadLetter",
    role: "viewer",
    summary: "One dead letter with its parameters and its error, open or handled.",
  },
  {
    method: "POST",
    path: "/dead-letters/:id/requeue",
    action: "tasks.requeueDeadLetter",
    role: "operator",
    status: 202,
    summary: "Requeue one dead letter, with edited params where given.",
    body: ["params"],
  },
  {
    method: "POST",
    path: "/dead-letters/:id/dismiss",
    action: "tasks.dismissDeadLetter",
    role: "operator",
    summary: "Mark a dead letter as handled.",
  },
];
