-- Schedules and what became of their slots. A slot fires once: its row is inserted in the transaction of its task.
create table schedule (
  name text primary key,
  origin text not null check (origin in ('code', 'api')),
  digest text,                                -- of the definition in code; null for others
  claimed_at timestamptz,                     -- when a running process last said that its code has it
  version integer not null default 1,         -- grows with each change
  definition json not null,                   -- as it could be sent again
  enabled boolean not null,
  next_run_at timestamptz,                    -- the slot to look at next; null: none is left
  last_run_at timestamptz,
  last_task_id uuid,
  total_run_count bigint not null default 0,
  missed_count bigint not null default 0,
  last_missed_at timestamptz,
  waiting_slots integer not null default 0,   -- overlap: queue
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text
);
create index schedule_due on schedule (next_run_at) where enabled;
create index schedule_waiting on schedule (name) where waiting_slots > 0;

create table schedule_slot (
  schedule text not null,
  slot timestamptz not null,
  state text not null check (state in ('fired', 'waiting', 'manual')),
  is_late boolean not null default false,
  task_id uuid,                               -- null while waiting
  recorded_at timestamptz not null default now(),
  primary key (schedule, slot)
);
create index schedule_slot_recorded on schedule_slot (recorded_at);

-- Slots that did not run: one row for each stretch of them.
create table schedule_miss (
  id bigint generated always as identity primary key,
  schedule text not null,
  from_slot timestamptz not null,
  to_slot timestamptz not null,
  slots integer not null,
  is_at_least boolean not null default false, -- more than were counted
  reason text not null,
  detail text,
  recorded_at timestamptz not null default now()
);
create index schedule_miss_of on schedule_miss (schedule, id);
create index schedule_miss_recorded on schedule_miss (recorded_at);
