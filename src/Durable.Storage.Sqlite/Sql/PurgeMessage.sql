-- What belongs to a purged run (P2).
-- Lock: the file's one write lock. Index: key of durable_message, by its first column. Bound: the run's rows.
delete from durable_message where run_id = :run_id
