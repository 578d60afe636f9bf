-- Messages of phones: kept before they are acknowledged, run once, answered the same however often they come.

create table mobile_message (
  id bigint generated always as identity primary key,
  client_id bigint not null references site,
  person_id bigint not null references person,
  device_id text,
  -- The sender's own message id, or the digest of what it says: the same again is the same message.
  key text not null,
  via text not null check (via in ('http', 'mqtt', 'rest')),
  document text not null,
  operation_name text,
  variables json not null,
  uuids text[] not null default '{}',                       -- of the records it is about
  service_name text,
  task_id uuid not null,
  state text not null default 'PENDING' check (state in ('PENDING', 'SUCCESS', 'FAILURE')),
  result json,                                              -- GraphQL's { data, errors? }
  deliveries integer not null default 1,
  received_at timestamptz not null default now(),
  done_at timestamptz
);
create unique index mobile_message_task on mobile_message (task_id);
create index mobile_message_key on mobile_message (person_id, key);
create index mobile_message_received on mobile_message (received_at);

-- Who signed in with which device. Signing out, or in anew, makes the tokens of before worthless.
create table mobile_device (
  person_id bigint not null references person on delete cascade,
  device_id text not null,
  session integer not null default 1,
  signed_in_at timestamptz not null default now(),
  signed_out_at timestamptz,
  primary key (person_id, device_id)
);
create index mobile_device_id on mobile_device (device_id);
