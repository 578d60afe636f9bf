-- What operators have set for the whole system; workers read it every second and are told of changes. A type or tenant
-- without a row is as its definition says.
create table task_type (
  name text primary key,
  paused_at timestamptz,
  paused_by text,
  rate_limit text,                     -- 10/m, or none: no limit; null: the definition's
  soft_time_limit_ms float8,           -- null: the definition's
  time_limit_ms float8,
  updated_at timestamptz not null default now(),
  updated_by text
);

create table task_tenant (
  tenant text primary key,
  paused_at timestamptz not null default now(),
  paused_by text
);

-- Tasks of a paused type or tenant are put aside once, when they come to a worker, with a due time that never comes, and
-- not asked for again until they are released. What for: type:<name> or tenant:<tenant>.
alter table task add column held_for text;
