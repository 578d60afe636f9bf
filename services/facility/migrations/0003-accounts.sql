-- Who may come in besides the settings' tokens: tokens of clients and of the whole system, and people with a password.

create table api_token (
  id bigint generated always as identity primary key,
  name text not null,
  hash text not null unique,                                -- sha256 of the token, hex; the token itself is kept nowhere
  role text not null check (role in ('viewer', 'operator', 'admin')),
  client_id bigint references site,                         -- null: the whole system
  person_id bigint references person,                       -- who comes in with it, where it is a person's
  created_by text not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,                                 -- written at most once a minute
  expires_at timestamptz,
  revoked_at timestamptz,
  check (person_id is null or client_id is not null)
);
create index api_token_client on api_token (client_id, id);

create table person_password (
  person_id bigint primary key references person on delete cascade,
  hash text not null,                                       -- $scrypt$ln=…,r=…,p=…$salt$key
  changed_at timestamptz not null default now(),            -- sessions begun with an earlier one have ended
  changed_by text not null
);
