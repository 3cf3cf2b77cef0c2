-- What belongs to a purged run (P2).
-- Lock: the file's one write lock. Index: key of blob, by its first column. Bound: the run's rows.
delete from blob where run_id = :run_id
