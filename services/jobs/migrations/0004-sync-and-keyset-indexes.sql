-- As the facility's 0004-sync-indexes: a client's changes in their order.
create index job_client_change on job (client_id, changed_in, id);
create index jobneed_client_change on jobneed (client_id, changed_in, id);
create index jobneed_detail_client_change on jobneed_detail (client_id, changed_in, id);

-- The auto-close goes on behind the last (expiry_at, id): occurrences that end at the same instant are told apart by id.
create index jobneed_expiry on jobneed (expiry_at, id) where parent_id is null and status in ('ASSIGNED', 'INPROGRESS');
drop index jobneed_open;
