-- As the facility's 0004-sync-indexes: a client's changes in their order.
create index ticket_client_change on ticket (client_id, changed_in, id);
