-- [schedule_report] A report that is made for each period of its expression and delivered at an hour of the day.
create table report_schedule (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint references site,                           -- whose clocks count; null: the client's
  name text not null,
  report text not null,                                     -- [report_type] key of the catalogue
  format text not null check (format in ('pdf', 'xlsx', 'csv', 'json', 'html')),
  params json not null default '{}',                        -- without the period
  cron text not null,                                       -- its slots end one period and begin the next
  working_days integer check (working_days in (5, 6)),      -- the period is the working week before the slot
  send_at time not null default '00:00',                    -- [report_sendtime] by those clocks, after the slot
  timezone text not null,
  to_addresses text[] not null default '{}',
  cc text[] not null default '{}',
  to_person_ids bigint[] not null default '{}',
  tells_empty boolean not null default true,                -- a mail also says that there was no data
  valid_from timestamptz not null,
  valid_to timestamptz,
  enabled boolean not null default true,
  next_run_at timestamptz,                                  -- the next slot; null: none is left
  last_period_from timestamptz,
  last_period_upto timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (client_id, name)
);
create index report_schedule_due on report_schedule (next_run_at) where enabled;
create trigger report_schedule_touch before update on report_schedule for each row execute function touch_row();

-- [report_history] One making of a report.
create table report_run (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint references site,                         -- null: asked for by an operator of the whole system
  schedule_id bigint references report_schedule on delete set null,
  unique_key text unique,                                   -- what must not be made twice, schedule and period aside
  report text not null,
  format text not null,
  title text not null,
  params json not null,
  timezone text not null,
  period_from timestamptz,
  period_upto timestamptz,
  state text not null default 'QUEUED' check (state in ('QUEUED', 'RUNNING', 'READY', 'NO_DATA', 'FAILED', 'EXPIRED')),
  is_late boolean not null default false,                   -- ordered long after its period had ended
  file_name text,
  object_key text,
  bytes bigint,
  md5 text,
  rows bigint,
  pages integer,
  error json,                                               -- { code, message }
  requested_by text not null,
  notify_person_id bigint references person,
  task_id text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  expires_at timestamptz                                    -- the file goes, the row stays
);
create unique index report_run_period on report_run (schedule_id, period_from, period_upto) where schedule_id is not null;
create index report_run_client on report_run (client_id, id);
create index report_run_expiry on report_run (expires_at) where state = 'READY';

-- What a recipient set gets of a run, and when.
create table report_delivery (
  id bigint generated always as identity primary key,
  run_id bigint not null references report_run on delete cascade,
  recipients_key text not null,                             -- the set, so that it gets a run once
  to_addresses text[] not null default '{}',
  cc text[] not null default '{}',
  to_person_ids bigint[] not null default '{}',
  due_at timestamptz not null,
  state text not null default 'PENDING' check (state in ('PENDING', 'QUEUED', 'SENT', 'FAILED', 'SKIPPED')),
  is_late boolean not null default false,
  message_id text,
  sent_at timestamptz,
  unique (run_id, recipients_key)
);
create index report_delivery_open on report_delivery (due_at) where state in ('PENDING', 'QUEUED');
