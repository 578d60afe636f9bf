alter table ticket
  add column uuid uuid not null default gen_random_uuid() unique,
  add column client_id bigint references site,
  add column identifier text not null default 'TICKET' check (identifier in ('REQUEST', 'TICKET')),
  add column category_id bigint references type_assist,     -- [ticketcategory] also the escalation template
  add column assigned_to_group_id bigint references people_group,
  add column asset_id bigint references asset,
  add column location_id bigint references location,
  add column question_set_id bigint references question_set,
  add column jobneed_id bigint,                             -- the closed work it was raised for
  add column source text not null default 'USERDEFINED' check (source in ('SYSTEMGENERATED', 'USERDEFINED')),
  add column comments text,
  add column is_escalated boolean not null default false,
  add column escalated_at timestamptz,
  add column created_by_id bigint references person,
  add column modified_by_id bigint references person,
  add column performed_by_id bigint references person,
  add column changed_in xid8 not null default pg_current_xact_id();
update ticket set client_id = (select s.client_id from site s where s.id = ticket.site_id);
alter table ticket drop constraint ticket_number_key;
create unique index ticket_number on ticket (client_id, number);
create unique index ticket_jobneed on ticket (jobneed_id) where jobneed_id is not null;
create index ticket_open on ticket (category_id, level, created_at) where status in ('NEW', 'OPEN', 'ONHOLD');
create index ticket_change on ticket (changed_in);
create trigger ticket_touch before update on ticket for each row execute function touch_row();
alter table ticket_history
  add column person_id bigint references person,
  add column previous_state json;
