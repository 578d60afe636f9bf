-- The recurring definition of work. Times of the wall clock are those of the site's zone; durations are minutes.
create table job (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint not null references site,
  parent_id bigint references job,                          -- the tour a checkpoint belongs to
  seqno integer not null default 0,                         -- of a checkpoint
  name text not null,
  description text not null default '',
  identifier text not null default 'TASK' check (identifier in (
    'TASK', 'TICKET', 'INTERNALTOUR', 'EXTERNALTOUR', 'PPM', 'OTHER', 'SITEREPORT', 'INCIDENTREPORT', 'ASSETLOG',
    'ASSETMAINTENANCE', 'GEOFENCE')),
  cron text,                                                -- classic: day of month or day of week; null: not scheduled
  valid_from timestamptz not null,                          -- [fromdate]
  valid_to timestamptz not null,                            -- [uptodate]
  plan_duration integer not null default 0 check (plan_duration >= 0),
  grace_time integer not null default 0 check (grace_time >= 0),
  expiry_time integer not null default 0 check (expiry_time >= 0), -- of a checkpoint: minutes to reach it
  priority text not null default 'LOW' check (priority in ('LOW', 'MEDIUM', 'HIGH')),
  scan_type text not null default 'SKIP' check (scan_type in ('NONE', 'QR', 'NFC', 'SKIP', 'ENTERED')),
  frequency text not null default 'NONE',                   -- for information only
  asset_id bigint references asset,
  question_set_id bigint references question_set,
  person_id bigint references person,
  people_group_id bigint references people_group,
  site_group_id bigint references people_group,
  shift_id bigint references shift,
  notify_category_id bigint references type_assist,         -- [ticketcategory] decides what closing by the server does
  is_dynamic boolean not null default false,                -- a tour without deadlines
  is_randomized boolean not null default false,
  tour_frequency integer not null default 1 check (tour_frequency between 1 and 20),
  break_time integer not null default 0 check (break_time >= 0),
  is_time_bound boolean not null default true,
  details json not null default '{}',                       -- [other_info]
  enabled boolean not null default true,
  version integer not null default 1,                       -- of the definition, its checkpoints included
  generated_version integer,                                -- what the occurrences were made from
  generated_until timestamptz,                              -- [lastgeneratedon] slots up to here have been decided on
  created_by text not null default 'internal',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique nulls not distinct (client_id, parent_id, identifier, name, asset_id, question_set_id),
  check (valid_to > valid_from)
);
create index job_parent on job (parent_id, seqno);
create index job_site on job (site_id);
create index job_change on job (changed_in);
create index job_scheduled on job (identifier, id) where enabled and parent_id is null and cron is not null;
create trigger job_touch before update on job for each row execute function touch_row();

-- A dated occurrence of a job, a checkpoint of a tour's occurrence, or work that came up.
create table jobneed (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null,                                -- its site's
  site_id bigint not null references site,
  job_id bigint references job,
  job_version integer,
  parent_id bigint references jobneed,
  seqno integer not null default 0,
  scheduled_at timestamptz,                                 -- the cron slot; null: not from a schedule
  plan_at timestamptz,                                      -- [plandatetime] slot − grace; null: dynamic
  expiry_at timestamptz,                                    -- [expirydatetime] slot + plan + expiry; null: dynamic
  grace_time integer not null default 0,
  status text not null default 'ASSIGNED' check (status in (
    'ASSIGNED', 'INPROGRESS', 'COMPLETED', 'PARTIALLYCOMPLETED', 'AUTOCLOSED', 'MAINTENANCE', 'STANDBY', 'WORKING')),
  job_type text not null default 'SCHEDULE' check (job_type in ('SCHEDULE', 'ADHOC')),
  identifier text not null default 'TASK' check (identifier in (
    'TASK', 'TICKET', 'INTERNALTOUR', 'EXTERNALTOUR', 'PPM', 'OTHER', 'SITEREPORT', 'INCIDENTREPORT', 'ASSETLOG',
    'ASSETMAINTENANCE', 'ASSETAUDIT', 'POSTING_ORDER')),
  name text not null,                                       -- [jobdesc]
  priority text not null default 'LOW' check (priority in ('LOW', 'MEDIUM', 'HIGH')),
  scan_type text not null default 'SKIP',
  is_dynamic boolean not null default false,
  asset_id bigint references asset,
  question_set_id bigint references question_set,
  person_id bigint references person,
  people_group_id bigint references people_group,
  site_group_id bigint references people_group,
  performed_by_id bigint references person,
  notify_category_id bigint references type_assist,
  multifactor numeric(10, 6) not null default 1,
  started_at timestamptz,                                   -- [starttime] as the phone says
  ended_at timestamptz,                                     -- [endtime]
  closed_by_server_at timestamptz,                          -- [other_info.autoclosed_by_server]
  remarks text,
  has_alerts boolean not null default false,
  has_deviation boolean not null default false,
  distance_km numeric(10, 2),                               -- from the checkpoint before
  latitude double precision,
  longitude double precision,
  path json,                                                -- [journeypath]
  details json not null default '{}',                       -- [other_info]
  created_at timestamptz not null default now(),            -- [receivedonserver]
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id()
);
-- A slot of a job has one occurrence, whoever generates it and how often.
create unique index jobneed_slot on jobneed (job_id, scheduled_at) where parent_id is null and scheduled_at is not null;
create unique index jobneed_checkpoint on jobneed (parent_id, seqno) where parent_id is not null;
create index jobneed_open on jobneed (expiry_at) where parent_id is null and status in ('ASSIGNED', 'INPROGRESS');
create index jobneed_site on jobneed (site_id, plan_at);
create index jobneed_change on jobneed (changed_in);
create trigger jobneed_touch before update on jobneed for each row execute function touch_row();
create trigger jobneed_bury after delete on jobneed for each row execute function bury_row();

-- [jobneeddetails] One line of a checklist. Its client and question are those of its occurrence and its set, copied in one
-- statement: references of its own would lock the same few rows once for each of a million lines a day.
create table jobneed_detail (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null,
  jobneed_id bigint not null references jobneed on delete cascade,
  seqno integer not null,
  question_id bigint,
  answer_type text not null default 'NONE',
  options text,
  min_value numeric(18, 4),
  max_value numeric(18, 4),
  alert_on text,
  is_mandatory boolean not null default true,
  is_attachment_required boolean not null default false,
  attachment_type text not null default 'NONE',
  answer text,
  has_alert boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (jobneed_id, seqno)
);
create index jobneed_detail_change on jobneed_detail (changed_in);
create trigger jobneed_detail_touch before update on jobneed_detail for each row execute function touch_row();

-- Slots that never became work: nobody generated them in time, or the expression was not valid.
create table job_miss (
  id bigint generated always as identity primary key,
  job_id bigint not null references job on delete cascade,
  from_at timestamptz not null,
  to_at timestamptz not null,
  slots integer not null,
  reason text not null,
  recorded_at timestamptz not null default now()
);
create index job_miss_job on job_miss (job_id, id);
