-- What the occurrences of a job were made from, besides its version: a site that moves to another zone moves its work.
alter table job add column generated_zone text;
update job j set generated_zone = s.timezone from site s where s.id = j.site_id and j.generated_until is not null;

-- A run of the generator is no change of the definition: phones do not fetch every job again three times a day.
drop trigger job_touch on job;
create trigger job_touch before update on job for each row
  when ((old.generated_version, old.generated_until, old.generated_zone)
    is not distinct from (new.generated_version, new.generated_until, new.generated_zone))
  execute function touch_row();
