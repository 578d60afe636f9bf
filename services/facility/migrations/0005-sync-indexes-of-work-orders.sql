-- Phones read these too: see 0004.
create index vendor_client_change on vendor (client_id, changed_in, id);
create index approver_client_change on approver (client_id, changed_in, id);
create index work_order_client_change on work_order (client_id, changed_in, id);
create index work_order_detail_client_change on work_order_detail (client_id, changed_in, id);
