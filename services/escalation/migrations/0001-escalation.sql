-- [escalationmatrix] Who is told, and who takes over, when a ticket of a category has waited this long since it was
-- opened; and, with a job, how long before a planned maintenance a reminder goes out.
create table escalation_matrix (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint references site,                           -- null: every site of the client that has no row of its own
  category_id bigint references type_assist,                -- [escalationtemplate]
  job_id bigint references job,
  level integer not null check (level >= 1),
  frequency text not null default 'DAY' check (frequency in ('MINUTE', 'HOUR', 'DAY', 'WEEK')),
  frequency_value integer not null check (frequency_value >= 0),
  assigned_person_id bigint references person,
  assigned_group_id bigint references people_group,
  notify text[] not null default '{}',                      -- addresses
  body text,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  check (num_nonnulls(category_id, job_id) = 1),
  unique nulls not distinct (client_id, site_id, category_id, job_id, level)
);
create index escalation_matrix_change on escalation_matrix (changed_in);
create trigger escalation_matrix_touch before update on escalation_matrix for each row execute function touch_row();

create table reminder (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint not null references site,
  job_id bigint not null references job,
  jobneed_id bigint not null references jobneed on delete cascade,
  matrix_id bigint not null references escalation_matrix,
  remind_at timestamptz not null,                           -- [reminderdate]
  plan_at timestamptz not null,
  status text not null default 'PENDING' check (status in ('PENDING', 'QUEUED', 'SUCCESS', 'FAILED', 'MISSED')),
  attempts integer not null default 0,
  sent_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (jobneed_id, matrix_id)
);
create index reminder_due on reminder (remind_at) where status in ('PENDING', 'FAILED');
create index reminder_change on reminder (changed_in);
create trigger reminder_touch before update on reminder for each row execute function touch_row();
