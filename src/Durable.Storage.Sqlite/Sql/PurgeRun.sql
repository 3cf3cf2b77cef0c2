-- What belongs to a purged run (P2).
-- Lock: the file's one write lock. Index: key of durable_run, by its first column. Bound: the run's rows.
delete from durable_run where run_id = :run_id
