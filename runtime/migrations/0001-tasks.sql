-- The book of record. `task` holds what is not finished; finishing moves the row to `task_history` in the same
-- statement, so the live table stays as small as the work that is open.

create type task_state as enum ('SCHEDULED', 'QUEUED', 'STARTED', 'RETRY', 'WAITING', 'SUCCESS', 'FAILURE', 'REVOKED');

create sequence task_seq;

create table task (
  id uuid primary key,
  name text not null,
  queue text not null,
  lane smallint not null,              -- 0 low, 1 normal, 2 high; follows from priority
  priority smallint not null,
  state task_state not null,
  attempt integer not null default 1,  -- the fence: grows whenever the task is handed out anew, for whatever reason
  retries integer not null default 0,
  crashes integer not null default 0,
  seq bigint not null default nextval('task_seq'),  -- order within a lane; drawn anew whenever the task is queued again
  params json not null,
  overrides json,                      -- options of the call that its worker reads
  headers json,
  progress json,
  due_at timestamptz,
  expires_at timestamptz,
  created_at timestamptz not null,
  started_at timestamptz,
  worker text,
  rate_slot boolean not null default false,  -- its due time is a slot its rate limit has already granted
  revocation json,                     -- asked for while it ran: by whom, terminate or not, grace
  parent_id uuid,
  child_index integer,
  pending_children integer,
  join_plan json,                      -- of a WAITING task: what its children's ends mean for it
  unique_key text,
  retry_of uuid
) with (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

create index task_ready on task (queue, lane, seq) where state = 'QUEUED';
create index task_due on task (due_at) where state in ('SCHEDULED', 'RETRY');
create index task_expiry on task (expires_at) where expires_at is not null;
create index task_parent on task (parent_id) where parent_id is not null;
create index task_waiting on task (id) where state = 'WAITING';
create index task_revoked_run on task (worker) where revocation is not null;

create table task_history (
  id uuid not null,
  name text not null,
  queue text not null,
  priority smallint not null,
  state task_state not null,
  reason text,                         -- of REVOKED: revoked or expired
  attempt integer not null,
  retries integer not null,
  crashes integer not null,
  params json not null,
  headers json,
  error json,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz not null,
  worker text,
  parent_id uuid,
  child_index integer,
  retry_of uuid
) partition by range (finished_at);
create index task_history_id on task_history (id);
create index task_history_parent on task_history (parent_id) where parent_id is not null;
create table task_history_default partition of task_history default;

-- Results live shorter than the rows they belong to: a table of their own, whose partitions are dropped.
create table task_result (
  id uuid not null,
  result json not null,
  expires_at timestamptz not null,
  bucket timestamptz not null          -- expires_at, or infinity where no partition reaches that far
) partition by range (bucket);
create index task_result_id on task_result (id);
create table task_result_default partition of task_result default;

-- Failed attempts only: a row for each successful first attempt would cost a third of the throughput.
create table task_attempt (
  task_id uuid not null,
  attempt integer not null,
  outcome text not null,               -- retried, failed, revoked, lost (its worker died), refused (could not start)
  started_at timestamptz,
  ended_at timestamptz not null,
  worker text,
  error json
) partition by range (ended_at);
create index task_attempt_task on task_attempt (task_id);
create table task_attempt_default partition of task_attempt default;

create table dead_letter (
  id uuid primary key default gen_random_uuid(),
  task_id uuid,
  name text,
  queue text not null,
  priority smallint,
  params json,
  overrides json,
  headers json,
  raw bytea,                           -- the first bytes of what was no task at all
  subject text,
  error json not null,
  created_at timestamptz not null default now(),
  handled_at timestamptz,
  handled_by text,
  requeued_as uuid
);
create index dead_letter_open on dead_letter (created_at, id) where handled_at is null;
create index dead_letter_task on dead_letter (task_id);

-- Ids that callers gave, kept as long as the history, so that a repeated enqueue finds its task.
create table task_given_id (
  id uuid primary key,
  digest text not null,
  created_at timestamptz not null default now()
);

create table task_unique_key (
  key text primary key,
  task_id uuid not null
);

-- The outcome of each child of a waiting parent; kept until the parent is finished and pruned with it.
create table task_child (
  parent_id uuid not null,
  child_index integer not null,
  child_id uuid not null,
  state task_state,
  result json,
  error json,
  primary key (parent_id, child_index)
);

create table task_rate (
  key text primary key,
  next_at timestamptz not null
);

create table worker (
  id text primary key,
  host text not null,
  pid integer not null,
  queues text[] not null,
  tasks text[] not null,               -- names it has handlers for
  concurrency integer not null,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  state text not null default 'running',   -- running, draining
  stats json
) with (fillfactor = 50);

-- A lane whose tasks are not all in the delivery engine: rows above the cursor are claimed from the table itself.
create table task_lane (
  queue text not null,
  lane smallint not null,
  published_seq bigint,                -- null: every queued row has been published
  primary key (queue, lane)
);

create table task_queue (
  queue text primary key,
  paused_at timestamptz,
  paused_by text
);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  role text not null,
  action text not null,
  target text,
  details json
);
create index audit_at on audit (at);
