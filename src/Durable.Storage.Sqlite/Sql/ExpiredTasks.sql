-- Tasks whose time is over (K2).
-- Index: task_deadline. Bound: limit rows.
select run_id, gen, task_no, queue, visible_at, priority, activity, attempt, logical_attempt, visibility, cancel, encoding, shard, namespace, token, deadline_at, details, failures, payload
from task where deadline_at is not null and deadline_at <= :now order by deadline_at limit :limit
