-- The change feed's outbox: what changed, written by the transaction that changed it, so that what is rolled back is never
-- announced and no way of writing (bulk updates among them) goes past it. What a row says is read when it is announced.

-- One row: whether anybody wants the feed, and who publishes it now.
create table mqtt_feed (
  is_only boolean primary key default true check (is_only),
  wanted boolean not null default false,
  id uuid not null default gen_random_uuid(),               -- the publisher's name at the broker
  owner uuid,
  expires_at timestamptz
);
insert into mqtt_feed default values;

create table mqtt_outbox (
  id bigint generated always as identity primary key,
  entity text not null,                                     -- the table
  entity_uuid uuid not null,
  client_id bigint,
  operation text not null check (operation in ('CREATE', 'UPDATE', 'DELETE')),
  changed_in xid8 not null default pg_current_xact_id(),    -- read in this order, as docs/adr/0009 says
  created_at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.2);
create index mqtt_outbox_change on mqtt_outbox (changed_in, id);

-- Updates that do not touch a row's `changed_in` are the server's own marks (a job's `generated_until`) and tell nobody
-- anything, just as phones are not told of them. The feed's row is asked for by its key: where a transaction forbids
-- reading whole tables (create_job's does), a scan even of one row is priced so high that it would be compiled (JIT) each time.
create function announce_change() returns trigger language plpgsql as $$
begin
  if not exists (select from mqtt_feed where is_only and wanted) then
    return null;
  elsif tg_op = 'INSERT' then
    insert into mqtt_outbox (entity, entity_uuid, client_id, operation)
      select tg_table_name, uuid, client_id, 'CREATE' from new_rows;
  elsif tg_op = 'UPDATE' then
    insert into mqtt_outbox (entity, entity_uuid, client_id, operation)
      select tg_table_name, uuid, client_id, 'UPDATE' from new_rows where changed_in = pg_current_xact_id();
  else
    insert into mqtt_outbox (entity, entity_uuid, client_id, operation)
      select tg_table_name, uuid, client_id, 'DELETE' from old_rows;
  end if;
  if found then
    perform pg_notify('mqtt_feed', '');
  end if;
  return null;
end $$;

-- Lines of checklists (jobneed_detail) are left out: one run of create_job writes 600 000 of them, and each says no more
-- than that its jobneed has changed, which is announced.
do $$
declare
  entity text;
begin
  foreach entity in array array['job', 'jobneed', 'asset', 'location', 'question', 'question_set', 'question_set_member',
    'attachment', 'attendance_event', 'person', 'site', 'type_assist', 'shift', 'ticket']
  loop
    execute format('create trigger %1$s_announce_insert after insert on %1$s referencing new table as new_rows
      for each statement execute function announce_change()', entity);
    execute format('create trigger %1$s_announce_update after update on %1$s referencing new table as new_rows
      for each statement execute function announce_change()', entity);
    execute format('create trigger %1$s_announce_delete after delete on %1$s referencing old table as old_rows
      for each statement execute function announce_change()', entity);
  end loop;
end $$;
