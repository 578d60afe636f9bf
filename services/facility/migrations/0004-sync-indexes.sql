-- A client's phones read the changes of their client: without its own order in an index, a first sync walks every other
-- client's rows too. The indexes on changed_in alone stay for readers of the whole system.
create index site_client_change on site (client_id, changed_in, id);
create index type_assist_client_change on type_assist (client_id, changed_in, id);
create index person_client_change on person (client_id, changed_in, id);
create index people_group_client_change on people_group (client_id, changed_in, id);
create index group_member_client_change on group_member (client_id, changed_in, id);
create index shift_client_change on shift (client_id, changed_in, id);
create index location_client_change on location (client_id, changed_in, id);
create index asset_client_change on asset (client_id, changed_in, id);
create index question_client_change on question (client_id, changed_in, id);
create index question_set_client_change on question_set (client_id, changed_in, id);
create index question_set_member_client_change on question_set_member (client_id, changed_in, id);
create index attachment_client_change on attachment (client_id, changed_in, id);
create index deleted_row_client_change on deleted_row (client_id, table_name, changed_in, id);
