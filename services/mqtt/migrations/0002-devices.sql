-- Which process hears the devices: one at a time, under one name at the broker, which keeps for that name what came while
-- nobody was there. Handing the messages on spreads the work.
create table mqtt_seat (
  is_only boolean primary key default true check (is_only),
  id uuid not null default gen_random_uuid(),               -- the name at the broker
  owner uuid,
  expires_at timestamptz
);
insert into mqtt_seat default values;
