// Raises tickets by a level. This file writes rows of the tickets service, the one exception to "a service writes its own
// tables only": a level, its history entry and its mail must be one commit over hundreds of tickets at once, and a call
// over the bus cannot be part of a transaction. It changes nothing but the level, what escalation says of it, and the
// assignee, and only of tickets that are still open and still at the level they were found at.
import type { Transaction } from "../../database/index.ts";
import { ESCALATED_STATUSES, REST_MS, UNITS } from "./escalation-rules.ts";

export const BATCH_ROWS = 500;
export const ESCALATED_BY = "escalation";

export interface EscalatedTicket {
  readonly id: number;
  readonly uuid: string;
  readonly number: string;
  readonly clientId: number;
  readonly siteId: number;
  /** The level it has now. */
  readonly level: number;
}

const DELAY = `m.frequency_value * case m.frequency ${Object.entries(UNITS)
  .map(([unit, ms]) => `when '${unit}' then interval '${ms / 1_000} seconds'`)
  .join(" ")} end`;
const STATUSES = ESCALATED_STATUSES.map((status) => `'${status}'`).join(", ");

/**
 * From the matrix to the tickets, by the index of open ones: tickets that wait for nothing are never read. A row of the
 * whole client stands back where the ticket's site has one of its own. One that has just climbed rests, so that a second
 * run in the same breath, or one that ran beside, does not take it further. (The update asks for the status found, not
 * for any open one: the planner would else walk the index of open tickets for each row when its statistics are old.)
 */
export const ESCALATE = {
  name: "ticket_escalation",
  text: `
with due as materialized (
  select t.id, t.level, t.status, t.assigned_to_person_id, t.assigned_to_group_id, t.priority,
         m.assigned_person_id, m.assigned_group_id
  from escalation_matrix m
  join ticket t on t.category_id = m.category_id and t.level = m.level - 1 and t.client_id = m.client_id
    and t.created_at <= $1::timestamptz - ${DELAY}
  where m.enabled and m.category_id is not null and t.status in (${STATUSES})
    and (t.escalated_at is null or t.escalated_at <= $1::timestamptz - interval '${REST_MS / 1_000} seconds')
    and (m.site_id = t.site_id or m.site_id is null and not exists (
      select 1 from escalation_matrix own
      where own.enabled and own.client_id = m.client_id and own.category_id = m.category_id and own.level = m.level
        and own.site_id = t.site_id))
  limit $2
  for no key update of t skip locked),
climbed as (
  update ticket t
  set level = due.level + 1, is_escalated = true, escalated_at = $1::timestamptz,
      assigned_to_person_id = case when named.somebody then due.assigned_person_id else t.assigned_to_person_id end,
      assigned_to_group_id = case when named.somebody then due.assigned_group_id else t.assigned_to_group_id end
  from due, lateral (
    select num_nonnulls(due.assigned_person_id, due.assigned_group_id) > 0 as somebody) named
  where t.id = due.id and t.level = due.level and t.status = due.status
  returning t.id, t.uuid, t.number, t.client_id, t.site_id, t.level, t.assigned_to_person_id as person_id,
            t.assigned_to_group_id as group_id, due.level as level_before, due.status as status_before,
            due.priority as priority_before, due.assigned_to_person_id as person_before,
            due.assigned_to_group_id as group_before),
noted as (
  insert into ticket_history (ticket_id, at, actor, action, details, previous_state)
  select id, $1::timestamptz, '${ESCALATED_BY}', 'escalated',
         json_build_object('level', level, 'assignedToPersonId', person_id, 'assignedToGroupId', group_id,
                           'text', 'Ticket is escalated from level ' || level_before || ' to ' || level),
         json_build_object('level', level_before, 'status', status_before, 'priority', priority_before,
                           'assignedToPersonId', person_before, 'assignedToGroupId', group_before)
  from climbed)
select id, uuid, number, client_id as "clientId", site_id as "siteId", level from climbed order by id`,
};

/** Raises the next tickets that have waited long enough at `now` (milliseconds since the epoch), `BATCH_ROWS` at most. */
export async function escalateDue(tx: Transaction, now: number): Promise<EscalatedTicket[]> {
  const { rows } = await tx.query<EscalatedTicket>(ESCALATE, [new Date(now).toISOString(), BATCH_ROWS]);
  return rows;
}
