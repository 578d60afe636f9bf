-- What happened to a work order, entry by entry.
create table work_order_history (
  id bigint generated always as identity primary key,
  work_order_id bigint not null references work_order on delete cascade,
  at timestamptz not null default now(),
  actor text not null,
  person_id bigint references person,
  action text not null,
  details json not null default '{}'
);
create index work_order_history_order on work_order_history (work_order_id, id);

-- The local day of the last reminder: one a day.
alter table work_order add column reminded_on date;
