-- An attempt gives its task back for a later one (K2).
-- Lock: the file's one write lock. Index: key of durable_task, durable_task_visible. Bound: 1 row.
update durable_task set token = null, visible_at = :visible_at, attempt = attempt - :never_began, logical_attempt = :logical_attempt, failures = :failures
where run_id = :run_id and gen = :gen and task_no = :task_no and token = :token
