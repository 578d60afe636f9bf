-- What each worker holds, for the looks for lost claims and for the rescuer. The condition is one that no statement over
-- lists of ids implies: one on the state would offer their planner a way beside the primary key (ADR 5).
create index task_held on task (worker) where worker is not null;
