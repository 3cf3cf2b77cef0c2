-- The run no longer wants a task (K3). Not one row: its result is on the way, and the run drops it.
-- Lock: the file's one write lock. Index: key of durable_task. Bound: 1 row.
delete from durable_task where run_id = :run_id and gen = :gen and task_no = :task_no
