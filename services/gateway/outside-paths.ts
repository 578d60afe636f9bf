// Every address outside the API, once: who may have it, and what it is. The router's aliases are typed by this table, and
// docs/reference/rest.md is written from it, so none can be there without being described.
import type { Role } from "./rest-route.ts";

export interface OutsidePath {
  readonly role: Role | "anybody" | "any token";
  readonly summary: string;
  readonly query?: readonly string[];
  readonly body?: readonly string[];
}

export const OUTSIDE_PATHS = {
  "GET /healthz": { role: "anybody", summary: 'The process lives: `{status: "alive"}`.' },
  "GET /healthcheck": { role: "anybody", summary: "The same, where Flower has it." },
  "GET /readyz": {
    role: "anybody",
    summary: "It can work: the database and the delivery engine answer. Else 503.",
  },
  "GET /openapi.json": {
    role: "any token",
    summary: "This API for machines (OpenAPI 3.1), as far as it is there for the asker.",
  },
  "GET /metrics": { role: "viewer", summary: "Figures for Prometheus." },
  "GET /events": {
    role: "viewer",
    summary: "What happens, as server-sent events; `Last-Event-ID` goes on where a watcher was.",
    query: ["lastEventId"],
  },
  "GET /login": { role: "anybody", summary: "The login page." },
  "GET /assets/:name": {
    role: "any token",
    summary: "The dashboard's files under the hash of their content; the login page's are for anybody.",
  },
  "GET /task/:id": { role: "anybody", summary: "A task's page where Flower has it: leads to `/tasks/:id`." },
  "GET /worker/:id": { role: "anybody", summary: "A worker's, likewise: leads to `/workers/:id`." },
  "GET /broker": { role: "anybody", summary: "The queues', likewise: leads to `/queues`." },
  "GET /dashboard": { role: "anybody", summary: "The overview's, likewise: leads to `/`." },
  "POST /login": {
    role: "anybody",
    summary: "Begins a session of twelve hours, with a token or with a login and a password; leads to the dashboard.",
    body: ["token", "loginId", "password"],
  },
  "POST /logout": { role: "anybody", summary: "Ends the session; leads to the login page." },
} as const satisfies Record<string, OutsidePath>;

export type OutsideAddress = keyof typeof OUTSIDE_PATHS;

/** Where GraphQL for phones is. */
export const GRAPHQL_PREFIXES = ["/api/v1", "/"] as const;
