-- Where the file of an attachment is kept: below MEDIA_ROOT first, in the store of objects later.
create table media_file (
  attachment_id bigint primary key references attachment on delete restrict,
  client_id bigint not null references site,
  state text not null default 'LOCAL' check (state in ('LOCAL', 'UPLOADING', 'REMOTE', 'MISSING', 'BROKEN')),
  local_key text not null,                                  -- path below MEDIA_ROOT
  is_local boolean not null default true,                   -- REMOTE, and the local file is still to be deleted
  object_key text not null unique,
  content_type text not null default 'application/octet-stream',
  size bigint,
  md5 text,                                                 -- null: not taken in by us, and not weighed yet
  attempts integer not null default 0,                      -- the fence of a mover's claim
  claimed_until timestamptz,
  error text,
  taken_in_at timestamptz not null default now(),
  moved_at timestamptz
);
create index media_file_due on media_file (taken_in_at, attachment_id)
  where state in ('LOCAL', 'UPLOADING') or (state = 'REMOTE' and is_local);
