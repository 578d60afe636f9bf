-- The sweep also looks for reminders whose planned time has passed, whatever became of their mail.
create index reminder_unsent on reminder (plan_at) where status in ('PENDING', 'QUEUED', 'FAILED');
