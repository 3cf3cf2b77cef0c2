-- An attempt is alive (K1). Not one row: it has lost its task.
-- Lock: the file's one write lock. Index: key of durable_task, durable_task_visible. Bound: 1 row.
update durable_task set visible_at = min(:visible_at, coalesce(deadline_at, :visible_at)), details = coalesce(:details, details)
where run_id = :run_id and gen = :gen and task_no = :task_no and token = :token
returning cancel
