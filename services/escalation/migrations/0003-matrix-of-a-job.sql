-- The reminders of a job are planned, and its mails written, from the rows of its own matrix.
create index escalation_matrix_job on escalation_matrix (job_id) where job_id is not null;
