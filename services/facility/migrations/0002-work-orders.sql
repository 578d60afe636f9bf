-- Work that others do at a site, of three kinds in one table as in the original [wom]: orders to vendors (WO), permits to
-- work (WP), and monthly reviews of what a vendor's service was worth (SLA). A permit and a review have sections: rows of
-- their own below it, each with a checklist and its answers.

create table vendor (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint references site,                           -- null: for every site [show_to_all_sites]
  code text not null,
  name text not null,
  email text,
  phone text,                                               -- [mobno]
  type_id bigint references type_assist,
  description text not null default '',
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (client_id, code)
);
create index vendor_change on vendor (changed_in);
create trigger vendor_touch before update on vendor for each row execute function touch_row();

-- Who may be asked to approve, or to verify; one row for each of their sites [sites].
create table approver (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint references site,                           -- null: for every site [forallsites]
  person_id bigint not null references person,
  role text not null default 'APPROVER' check (role in ('APPROVER', 'VERIFIER')), -- [identifier]
  approves text[] not null default '{}',                    -- [approverfor] types of question sets; empty: everything
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique nulls not distinct (person_id, site_id, role)
);
create index approver_change on approver (changed_in);
create trigger approver_touch before update on approver for each row execute function touch_row();

create table work_order (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  site_id bigint not null references site,
  parent_id bigint references work_order on delete cascade, -- the permit or review a section belongs to
  seqno integer not null default 0,                         -- of a section
  identifier text not null default 'WO' check (identifier in ('WO', 'WP', 'SLA')),
  number text,                                              -- [wp_seqno] "<site code>#WP<n>"; sections have none
  description text not null default '',
  status text not null default 'ASSIGNED' check (status in (
    'ASSIGNED', 'RE_ASSIGNED', 'INPROGRESS', 'COMPLETED', 'CANCELLED', 'CLOSED')), -- [workstatus]
  permit_status text not null default 'NOT_REQUIRED'
    check (permit_status in ('NOT_REQUIRED', 'PENDING', 'APPROVED', 'REJECTED')),  -- [workpermit]
  verifier_status text not null default 'NOT_REQUIRED'
    check (verifier_status in ('NOT_REQUIRED', 'PENDING', 'APPROVED', 'REJECTED')), -- [verifiers_status]
  priority text not null default 'LOW' check (priority in ('LOW', 'MEDIUM', 'HIGH')),
  plan_at timestamptz,                                      -- [plandatetime] a permit is valid from here
  expiry_at timestamptz,                                    -- [expirydatetime] until here
  started_at timestamptz,                                   -- [starttime]
  ended_at timestamptz,                                     -- [endtime]
  asset_id bigint references asset,
  location_id bigint references location,
  question_set_id bigint references question_set,           -- of a permit: its type
  vendor_id bigint references vendor,
  performed_by text,                                        -- people of the vendor are not ours
  weightage numeric(6, 2) check (weightage >= 0),           -- [section_weightage] of a review's section, against the others'
  for_month date check (extract(day from for_month) = 1),   -- [other_data.month] of a review
  has_alerts boolean not null default false,
  created_by text not null default 'internal',
  created_by_id bigint references person,
  details json not null default '{}',                       -- [other_data, categories]
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  check (parent_id is null or number is null),
  check (for_month is null or identifier = 'SLA'),
  check (expiry_at >= plan_at)
);
create unique index work_order_number on work_order (client_id, number) where number is not null;
create index work_order_section on work_order (parent_id, seqno) where parent_id is not null;
create index work_order_site on work_order (site_id, identifier, plan_at) where parent_id is null;
create index work_order_open on work_order (expiry_at)
  where parent_id is null and status in ('ASSIGNED', 'RE_ASSIGNED', 'INPROGRESS');
create index work_order_review on work_order (vendor_id, for_month) where identifier = 'SLA' and parent_id is null;
create index work_order_change on work_order (changed_in);
create trigger work_order_touch before update on work_order for each row execute function touch_row();

-- Numbers come from a row that is locked while it is counted up, never from the highest number so far.
create table work_order_counter (
  site_id bigint not null references site,
  identifier text not null check (identifier in ('WO', 'WP', 'SLA')),
  last integer not null,
  primary key (site_id, identifier)
);

-- [womdetails] One line of a checklist.
create table work_order_detail (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  work_order_id bigint not null references work_order on delete cascade,
  seqno integer not null,
  question_id bigint references question,
  answer_type text not null default 'NONE',
  options text,
  min_value numeric(18, 4),
  max_value numeric(18, 4),                                 -- of a review: the best score
  alert_on text,
  is_mandatory boolean not null default true,
  is_attachment_required boolean not null default false,
  attachment_type text not null default 'NONE',
  answer text,
  has_alert boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  unique (work_order_id, seqno),
  unique (work_order_id, question_id)
);
create index work_order_detail_change on work_order_detail (changed_in);
create trigger work_order_detail_touch before update on work_order_detail for each row execute function touch_row();

-- [approvers, verifiers, wp_approvers, wp_verifiers, remarks] Who is asked, and what they said.
create table work_order_decision (
  id bigint generated always as identity primary key,
  uuid uuid not null default gen_random_uuid() unique,
  client_id bigint not null references site,
  work_order_id bigint not null references work_order on delete cascade,
  person_id bigint not null references person,
  role text not null check (role in ('APPROVER', 'VERIFIER')),
  decision text not null default 'PENDING' check (decision in ('PENDING', 'APPROVED', 'REJECTED')),
  remarks text,
  at timestamptz,                                           -- of the decision
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_in xid8 not null default pg_current_xact_id(),
  check ((decision = 'PENDING') = (at is null)),
  unique (work_order_id, person_id, role)
);
create index work_order_decision_person on work_order_decision (person_id) where decision = 'PENDING';
create index work_order_decision_change on work_order_decision (changed_in);
create trigger work_order_decision_touch before update on work_order_decision
  for each row execute function touch_row();

-- The attendance of a site over a month is asked for with its people unknown.
create index attendance_event_site on attendance_event (site_id, punched_in_at);
