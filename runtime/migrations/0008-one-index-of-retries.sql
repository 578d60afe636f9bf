-- What 0007 made on retry_of, 0006 had made already, with the id beside it: those that stay give the order of ids too.
drop index if exists task_retry_of;
drop index if exists task_history_retry_of;
