-- The facility's master data. Original names in brackets where ours differ; its "NONE" rows (id 1) are NULL here.
-- Every row belongs to a client (the tenant): `client_id` is in every query's condition.

-- Changes are handed to phones in the order of their transactions, not of their clocks: a row's `changed_in` is the
-- transaction that wrote it last, and readers stop short of those that may still be open. See docs/adr/0009.
create function touch_row() returns trigger language plpgsql as $$
begin
  new.updated_at := clock_timestamp();
  new.changed_in := pg_current_xact_id();
  return new;
end $$;

-- Rows that are gone are told to phones too.
create table deleted_row (
  id bigint generated always as identity primary key,
  table_name text not null,
  uuid uuid not null,
  client_id bigint,
  changed_in xid8 not null default pg_current_xact_id(),
  deleted_at timestamptz not null default now()
);
create index deleted_row_change on deleted_row (table_name, changed_in);

create function bury_row() returns trigger language plpgsql as $$
begin
  insert into deleted_row (table_name, uuid, client_id) values (tg_table_name, old.uuid, old.client_id);
  return old;
end $$;

-- Systems of before this room have these two from the tickets' room.
create table if not exists site (
  id bigint generated always as identity primary key,
  code text not null unique,
  name text not null,
  timezone text not null default 'UTC'
);

create table if not exists person (
  id bigint generated always as identity primary key,
  site_id bigint references site,
  name text not null,
  email text
);

-- [bt] Clients and sites, one tree; a client is its own client.
alter table site
  add column uuid uuid not null default gen_random_uuid() unique,
  add column kind text not null default 'SITE' check (kind in ('CLIENT', 'CUSTOMER', 'REGION', 'ZONE', 'SITE')),
  add column parent_id bigint references site,
  add column client_id bigint references site,
  add column sol_id text,                                   -- [solid] bank branch code
  add column incharge_id bigint references person,          -- [siteincharge]
  add column latitude double precision,
  add column longitude double precision,
  add column permitted_distance integer,                    -- [pdist] metres
  add column enabled boolean not null default true,
  add column preferences json not null default '{}',        -- [bupreferences]
  add column created_at timestamptz not null default now(),
  add column updated_at timestamptz not null default now(),
  add column changed_in xid8 not null default pg_current_xact_id();
insert into site (code, name, kind) select 'DEFAULT', 'Default client', 'CLIENT' where exists (select 1 from site);
update site set client_id = (select c.id from site c where c.kind = 'CLIENT' order by c.id limit 1);
alter table site drop constraint site_code_key;
create unique index site_code on site (client_id, code) nulls not distinct;
create index site_change on site (changed_in);
create trigger site_touch before update on site for each row execute function touch_row();

-- [typeassist] Lookup values: ticket categories, designations, kinds of assets, …; client_id null: for everybody.
create table type_assist (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  category text not null,                                   -- [tatype] TICKETCATEGORY, DESIGNATION, NOTIFYCATEGORY, …
  code text not null,                                       -- AUTOCLOSENOTIFY, RAISETICKETNOTIFY, SITEINCHARGE, …
  name text not null,
  client_id bigint references site,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique nulls not distinct (client_id, category, code)
);
create index type_assist_change on type_assist (changed_in);
create trigger type_assist_touch before update on type_assist for each row execute function touch_row();
insert into type_assist (category, code, name) values
  ('NOTIFYCATEGORY', 'AUTOCLOSENOTIFY', 'Close and notify'),
  ('NOTIFYCATEGORY', 'RAISETICKETNOTIFY', 'Close, raise a ticket and notify'),
  ('DESIGNATION', 'SITEINCHARGE', 'Site in-charge'),
  ('TICKETCATEGORY', 'GENERAL', 'General');

-- [people]
alter table person
  add column uuid uuid not null default gen_random_uuid() unique,
  add column client_id bigint references site,
  add column code text,                                     -- [peoplecode]
  add column login_id text unique,
  add column phone text,
  add column designation_id bigint references type_assist,
  add column worktype_id bigint references type_assist,
  add column reports_to_id bigint references person,
  add column is_admin boolean not null default false,
  add column is_verified boolean not null default true,     -- must be true to get mail
  add column gets_alert_mails boolean not null default false, -- [people_extras.alertmails]
  add column secondary_emails text[] not null default '{}',
  add column device_id text,
  add column enabled boolean not null default true,
  add column details json not null default '{}',            -- [people_extras]
  add column created_at timestamptz not null default now(),
  add column updated_at timestamptz not null default now(),
  add column changed_in xid8 not null default pg_current_xact_id();
update person set client_id = (select s.client_id from site s where s.id = person.site_id);
create unique index person_code on person (client_id, code);
create index person_site on person (site_id);
create index person_change on person (changed_in);
create trigger person_touch before update on person for each row execute function touch_row();

-- [pgroup] Groups of people (assignees) and of sites (routes and clusters).
create table people_group (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  name text not null,
  kind text not null default 'PEOPLEGROUP' check (kind in ('PEOPLEGROUP', 'SITEGROUP')),
  lead_id bigint references person,
  client_id bigint not null references site,
  site_id bigint references site,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (client_id, kind, name)
);
create index people_group_change on people_group (changed_in);
create trigger people_group_touch before update on people_group for each row execute function touch_row();

-- [pgbelonging] A person in a people group, or a site in a site group.
create table group_member (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  group_id bigint not null references people_group on delete cascade,
  person_id bigint references person,
  site_id bigint references site,
  is_lead boolean not null default false,
  client_id bigint not null references site,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  check (num_nonnulls(person_id, site_id) = 1),
  unique nulls not distinct (group_id, person_id, site_id)
);
create index group_member_person on group_member (person_id);
create index group_member_site on group_member (site_id);
create index group_member_change on group_member (changed_in);
create trigger group_member_touch before update on group_member for each row execute function touch_row();
create trigger group_member_bury after delete on group_member for each row execute function bury_row();

-- [people_extras.assignsitegroup] Site groups a person is in charge of.
create table person_site_group (
  person_id bigint not null references person,
  group_id bigint not null references people_group on delete cascade,
  primary key (person_id, group_id)
);

create table shift (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint references site,
  name text not null,
  starts_at time not null,
  ends_at time not null,
  is_night boolean not null default false,
  people_count integer,
  details json not null default '{}',
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique nulls not distinct (client_id, site_id, name)
);
create index shift_change on shift (changed_in);
create trigger shift_touch before update on shift for each row execute function touch_row();

create table location (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint not null references site,
  parent_id bigint references location,
  code text not null,
  name text not null,
  status text not null default 'WORKING' check (status in ('MAINTENANCE', 'STANDBY', 'WORKING', 'SCRAPPED')),
  type_id bigint references type_assist,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (site_id, code)
);
create index location_change on location (changed_in);
create trigger location_touch before update on location for each row execute function touch_row();

-- Assets, and the checkpoints of tours.
create table asset (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint not null references site,
  location_id bigint references location,
  parent_id bigint references asset,
  code text not null,
  name text not null,
  identifier text not null default 'ASSET' check (identifier in ('ASSET', 'CHECKPOINT', 'NEA')),
  running_status text not null default 'WORKING'
    check (running_status in ('MAINTENANCE', 'STANDBY', 'WORKING', 'SCRAPPED')),
  is_critical boolean not null default false,
  type_id bigint references type_assist,
  category_id bigint references type_assist,
  latitude double precision,
  longitude double precision,
  multifactor numeric(10, 6) not null default 1,            -- [asset_json.multifactor]
  details json not null default '{}',                       -- [asset_json]
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (site_id, code)
);
create index asset_change on asset (changed_in);
create trigger asset_touch before update on asset for each row execute function touch_row();

-- [assetlog] One row for each change of an asset's running status.
create table asset_log (
  id bigint generated always as identity primary key,
  asset_id bigint not null references asset,
  old_status text,
  new_status text not null,
  person_id bigint references person,
  at timestamptz not null default now()
);
create index asset_log_asset on asset_log (asset_id, id);

create table question (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  name text not null,                                       -- [quesname]
  answer_type text not null default 'SINGLELINE' check (answer_type in (
    'CHECKBOX', 'DATE', 'DROPDOWN', 'EMAILID', 'MULTILINE', 'NUMERIC', 'SIGNATURE', 'SINGLELINE', 'TIME', 'RATING',
    'BACKCAMERA', 'FRONTCAMERA', 'PEOPLELIST', 'SITELIST', 'NONE', 'METERREADING', 'MULTISELECT')),
  options text,
  min_value numeric(18, 4),
  max_value numeric(18, 4),
  alert_on text,
  unit text,
  is_attachment_required boolean not null default false,    -- [isavpt]
  attachment_type text not null default 'NONE'              -- [avpttype]
    check (attachment_type in ('BACKCAMPIC', 'FRONTCAMPIC', 'AUDIO', 'VIDEO', 'NONE')),
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (client_id, name, answer_type)
);
create index question_change on question (changed_in);
create trigger question_touch before update on question for each row execute function touch_row();

-- [questionset] A checklist, or the template of a report.
create table question_set (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint references site,
  parent_id bigint references question_set,
  name text not null,
  type text not null default 'CHECKLIST' check (type in (
    'CHECKLIST', 'RPCHECKLIST', 'INCIDENTREPORT', 'SITEREPORT', 'WORKPERMIT', 'RETURN_WORK_PERMIT', 'KPITEMPLATE',
    'SCRAPPEDTEMPLATE', 'ASSETAUDIT', 'ASSETMAINTENANCE', 'WORK_ORDER', 'SLA_TEMPLATE', 'POSTING_ORDER')),
  seqno integer not null default 0,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique nulls not distinct (client_id, site_id, parent_id, type, name)
);
create index question_set_change on question_set (changed_in);
create trigger question_set_touch before update on question_set for each row execute function touch_row();

-- [questionsetbelonging] A question in a set; copied line by line when work is generated.
create table question_set_member (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  question_set_id bigint not null references question_set on delete cascade,
  question_id bigint not null references question,
  seqno integer not null,
  is_mandatory boolean not null default true,
  answer_type text not null,
  options text,
  min_value numeric(18, 4),
  max_value numeric(18, 4),
  alert_on text,
  is_attachment_required boolean not null default false,
  attachment_type text not null default 'NONE',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (question_set_id, question_id)
);
create index question_set_member_change on question_set_member (changed_in);
create trigger question_set_member_touch before update on question_set_member
  for each row execute function touch_row();
create trigger question_set_member_bury after delete on question_set_member for each row execute function bury_row();

-- Files that belong to a row of another table; where they are kept is the media service's.
create table attachment (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint references site,
  owner_table text not null,                                -- [ownername]
  owner_uuid uuid not null,                                 -- [owner]
  file_name text not null,
  path text not null,
  kind text not null default 'ATTACHMENT'
    check (kind in ('NONE', 'ATTACHMENT', 'REPLY', 'SIGN', 'METERREADING', 'LOGFILES')),
  size bigint,
  latitude double precision,
  longitude double precision,
  taken_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id()
);
create index attachment_owner on attachment (owner_table, owner_uuid);
create index attachment_change on attachment (changed_in);
create trigger attachment_touch before update on attachment for each row execute function touch_row();

-- Where devices were; folded into a tour's path when it ends, deleted after 90 days otherwise.
create table tracking (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  client_id bigint references site,
  device_id text not null,
  person_id bigint references person,
  identifier text not null default 'TRACKING'
    check (identifier in ('CONVEYANCE', 'EXTERNALTOUR', 'INTERNALTOUR', 'SITEVISIT', 'TRACKING')),
  reference uuid,                                           -- of the tour, or the event
  transport_mode text,
  latitude double precision not null,
  longitude double precision not null,
  at timestamptz not null,                                  -- by the device's clock
  received_at timestamptz not null default now()
);
create index tracking_received on tracking (received_at);
create index tracking_reference on tracking (reference, at);

-- [peopleeventlog] Attendance and site visits.
create table attendance_event (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint references site,
  person_id bigint not null references person,
  shift_id bigint references shift,
  verified_by_id bigint references person,
  type_id bigint references type_assist,                    -- [peventtype]
  punched_in_at timestamptz,
  punched_out_at timestamptz,
  for_date date,
  start_latitude double precision,
  start_longitude double precision,
  end_latitude double precision,
  end_longitude double precision,
  path json,
  distance_km numeric(10, 3),
  transport_modes text[] not null default '{}',
  device_id text,
  remarks text,
  reference text,
  details json not null default '{}',                       -- [peventlogextras]
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id()
);
create index attendance_event_person on attendance_event (person_id, for_date);
create index attendance_event_change on attendance_event (changed_in);
create trigger attendance_event_touch before update on attendance_event for each row execute function touch_row();
