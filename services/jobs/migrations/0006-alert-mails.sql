-- The mail about readings out of range has been ordered: once for an occurrence.
alter table jobneed add column alert_mailed_at timestamptz;
