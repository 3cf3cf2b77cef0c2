-- The tasks of a run.
-- Index: key of durable_task. Bound: the run's tasks.
select run_id, gen, task_no, queue, visible_at, priority, activity, attempt, logical_attempt, visibility, cancel, encoding, shard, namespace, token, deadline_at, details, failures, payload
from durable_task where run_id = :run_id order by gen, task_no
