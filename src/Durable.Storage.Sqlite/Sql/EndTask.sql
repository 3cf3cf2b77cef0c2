-- An attempt ends its task (K2): this delete alone makes the result single.
-- Lock: the file's one write lock. Index: key of durable_task. Bound: 1 row.
delete from durable_task where run_id = :run_id and gen = :gen and task_no = :task_no and token = :token
