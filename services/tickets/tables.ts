// The tables of the service, as Kysely sees them.
import type { Generated } from "kysely";

export const PRIORITIES = ["LOW", "MEDIUM", "HIGH"] as const;
export const STATUSES = ["NEW", "OPEN", "ONHOLD", "RESOLVED", "CLOSED", "CANCELLED"] as const;
export type Priority = (typeof PRIORITIES)[number];
export type Status = (typeof STATUSES)[number];

export interface TicketTables {
  site: {
    id: Generated<number>;
    client_id: Generated<number | null>;
    kind: Generated<string>;
    code: string;
    name: string;
    timezone: Generated<string>;
  };
  person: {
    id: Generated<number>;
    client_id: Generated<number | null>;
    site_id: number | null;
    name: string;
    email: string | null;
  };
  ticket: {
    id: Generated<number>;
    number: string;
    site_id: number;
    description: string;
    priority: Generated<Priority>;
    status: Generated<Status>;
    level: Generated<number>;
    category: string | null;
    assigned_to_person_id: number | null;
    created_by: string;
    created_at: Generated<Date>;
    updated_at: Generated<Date>;
  };
  ticket_counter: { site_id: number; last: number };
  ticket_history: {
    id: Generated<number>;
    ticket_id: number;
    at: Generated<Date>;
    actor: string;
    action: string;
    details: string;
  };
}
