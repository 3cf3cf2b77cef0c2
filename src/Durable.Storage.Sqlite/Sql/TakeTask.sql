-- Gives a task to an attempt, counted before any code runs (K1); silent, it comes back when its visibility is over, never after its deadline.
-- Lock: the file's one write lock. Index: key of durable_task, durable_task_visible. Bound: 1 row.
update durable_task set token = :token, attempt = attempt + 1, visible_at = min(:now + visibility, coalesce(deadline_at, :now + visibility))
where run_id = :run_id and gen = :gen and task_no = :task_no
returning run_id, gen, task_no, queue, visible_at, priority, activity, attempt, logical_attempt, visibility, cancel, encoding, shard, namespace, token, deadline_at, details, failures, payload
