-- A facility on its way in: the rows of its files as they were sent, and what was wrong with them.
create table facility_import (
  id bigint generated always as identity primary key,
  client_id bigint references site,                         -- of whoever imports; null: an operator of the whole system
  client_code text,                                         -- the client it is about, where its files do not say
  created_by text not null,
  created_at timestamptz not null default now(),
  state text not null default 'OPEN' check (state in ('OPEN', 'QUEUED', 'CHECKED', 'REFUSED', 'DONE')),
  is_dry_run boolean not null default false,
  skips_bad boolean not null default false,
  task_id text,                                             -- of the run that was asked for last
  counts json not null default '{}',                        -- by kind: rows, created, changed, unchanged, bad
  bad integer not null default 0,
  finished_at timestamptz
);
create index facility_import_age on facility_import (created_at);

create table facility_import_row (
  id bigint generated always as identity primary key,
  import_id bigint not null references facility_import on delete cascade,
  kind text not null,
  file text not null,
  line integer not null,
  cells json not null
);
create index facility_import_row_kind on facility_import_row (import_id, kind, id);

create table facility_import_problem (
  id bigint generated always as identity primary key,
  import_id bigint not null references facility_import on delete cascade,
  file text not null,
  line integer,
  column_name text,
  value text,
  message text not null
);
create index facility_import_problem_import on facility_import_problem (import_id, id);
