-- What the audit is asked for besides the time (runtime/moleculer/audit-list.ts), newest first. Measured on PostgreSQL 15
-- with a million rows of 400 days (227 MB), a page of 100, in memory, milliseconds without the index and with it:
--   one target         630 -> 0.1   "who changed this": one row or none among all, so the walk back by id met every row
--   a rare action      740 -> 0.1   `worker.`, `token.`; of a common one the walk back by id is found to be quicker, and is
--   an actor           0.1 to 20 for those who do much; 300 to 700 for who has done next to nothing, and stays so: "this
--                      name, or what begins with it and a colon" is taken for common, and an index on it was not used
--   a day, long ago    2; `at` has its index. Only an end far back, without a beginning, walks: 200 to 700
-- They take 51 and 39 MB, and an entry costs 0.1 ms more to write. The second is by bytes, for beginnings.
create index if not exists audit_target on audit (target, id);
create index if not exists audit_action on audit (action text_pattern_ops, id);
