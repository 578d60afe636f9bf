-- Tours of a route by when they were begun: what reports of visits ask for.
create index jobneed_route on jobneed (site_group_id, started_at) where site_group_id is not null;
