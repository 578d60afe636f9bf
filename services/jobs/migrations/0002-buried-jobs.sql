-- Checkpoints that were taken out of a tour are told to phones.
create trigger job_bury after delete on job for each row execute function bury_row();
