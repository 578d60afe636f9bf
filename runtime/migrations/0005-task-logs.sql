-- What handlers say of their tasks, kept with them: lines of every attempt, dropped by the day like the history.
create sequence task_log_seq;

create table task_log (
  task_id uuid not null,
  seq bigint not null default nextval('task_log_seq'),  -- grows with each line written; the cursor of pages
  attempt integer not null,
  at timestamptz not null,             -- when it was said; it is written a moment later
  level text not null,                 -- debug, info, warn, error
  message text not null,
  data json,
  worker text not null
) partition by range (at);
create index task_log_task on task_log (task_id, seq);
create table task_log_default partition of task_log default;

-- The task that an operator ran in place of this one, the latest where there were several.
alter table task_history add column retried_as uuid;
