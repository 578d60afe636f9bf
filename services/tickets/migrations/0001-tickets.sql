-- Sites and people are of the facility's room, which stands before this one.
create table ticket (
  id bigint generated always as identity primary key,
  number text not null unique,
  site_id bigint not null references site,
  description text not null,
  priority text not null default 'LOW' check (priority in ('LOW', 'MEDIUM', 'HIGH')),
  status text not null default 'NEW' check (status in ('NEW', 'OPEN', 'ONHOLD', 'RESOLVED', 'CLOSED', 'CANCELLED')),
  level integer not null default 0,
  category text,
  assigned_to_person_id bigint references person,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index ticket_site on ticket (site_id, id);

-- Numbers come from a row that is locked while it is counted up, never from the highest number so far.
create table ticket_counter (
  site_id bigint primary key references site,
  last integer not null
);

create table ticket_history (
  id bigint generated always as identity primary key,
  ticket_id bigint not null references ticket,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  details json not null
);
create index ticket_history_ticket on ticket_history (ticket_id, id);
