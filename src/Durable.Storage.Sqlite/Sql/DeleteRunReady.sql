-- Notices of a run that ends (C4); their messages stay as dead letters. Also the purge.
-- Lock: the file's one write lock. Index: key of durable_ready, by its first column. Bound: the run's notices.
delete from durable_ready where run_id = :run_id
