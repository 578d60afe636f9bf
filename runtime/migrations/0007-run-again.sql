-- Which task was made to run a finished one again. Nearly no row has such a task, so the indexes cost those that have none
-- nothing.
create index task_retry_of on task (retry_of) where retry_of is not null;
create index task_history_retry_of on task_history (retry_of) where retry_of is not null;
