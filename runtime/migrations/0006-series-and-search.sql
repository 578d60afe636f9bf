-- Figures over time, for about a day (runtime/series), and what lists of tasks are searched by (runtime/results/search.ts).

-- Ends of tasks in slots of 15 s, a minute, five and fifteen minutes; each process adds what it has seen.
create table series_end (
  step smallint not null,              -- seconds of the slot
  at timestamptz not null,             -- its beginning
  name text not null,
  queue text not null,
  done integer not null default 0,
  failed integer not null default 0,
  retried integer not null default 0,
  revoked integer not null default 0,
  sum_ms float8 not null default 0,    -- of runs: of what was done, has failed or is tried again
  max_ms float8 not null default 0,
  lengths numeric not null default 0,  -- runs by their length, in twelve digits each: see runtime/series/lengths.ts
  primary key (step, at, name, queue)
) with (fillfactor = 70);

-- Depth of the queues at the same steps: of the coarser ones the greatest that was seen. A queue without a row was empty;
-- the row of the queue '' says that somebody looked.
create table series_queue (
  step smallint not null,
  at timestamptz not null,
  queue text not null,
  queued integer not null,
  scheduled integer not null,
  started integer not null,
  high integer not null,
  normal integer not null,
  low integer not null,
  oldest_ms float8,
  primary key (step, at, queue)
) with (fillfactor = 70);

-- Partial indexes: a plain success is in none of them.
create index task_history_ended on task_history (state, id) where state <> 'SUCCESS';
create index task_history_retry on task_history (retry_of, id) where retry_of is not null;
create index task_retry on task (retry_of, id) where retry_of is not null;
create index task_history_children on task_history (parent_id, id) where parent_id is not null;
drop index task_history_parent;
create index task_children on task (parent_id, id) where parent_id is not null;
drop index task_parent;

-- Which stretches of a partition cannot hold a name, queue or worker: some hundred bytes for a thousand rows. An insert
-- does not touch it; vacuum adds what is new.
create index task_history_stretches on task_history using brin (
  name text_bloom_ops (n_distinct_per_range = 64),
  queue text_bloom_ops (n_distinct_per_range = 16),
  worker text_bloom_ops (n_distinct_per_range = 64)
) with (pages_per_range = 32);
