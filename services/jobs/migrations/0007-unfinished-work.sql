-- The auto-close takes all work that nobody has finished, what is paused or under repair too.
create index jobneed_unfinished on jobneed (expiry_at, id)
  where parent_id is null and status in ('ASSIGNED', 'INPROGRESS', 'WORKING', 'STANDBY', 'MAINTENANCE');
drop index jobneed_expiry;

-- A job's occurrences: for its page, and for the check of the foreign key when a checkpoint is taken out of a tour.
create index jobneed_job on jobneed (job_id, id);

-- Reports of work that came up which were found to be of scheduled work: sent again under their own uuid they are known.
create table adhoc_report (
  uuid uuid primary key,
  client_id bigint not null references site,
  jobneed_id bigint not null references jobneed on delete cascade,
  created_at timestamptz not null default now()
);
create index adhoc_report_jobneed on adhoc_report (jobneed_id);
