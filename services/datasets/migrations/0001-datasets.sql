create table dataset (
  id bigint generated always as identity primary key,
  name text not null,
  created_at timestamptz not null default now()
);

create table dataset_row (
  dataset_id bigint not null references dataset,
  n integer not null,
  value json not null,
  checksum text,
  processed_at timestamptz,
  times_processed integer not null default 0,
  primary key (dataset_id, n)
);
