-- Tasks of a run that ends (C4).
-- Lock: the file's one write lock. Index: key of durable_task, by its first column. Bound: the run's tasks.
delete from durable_task where run_id = :run_id
