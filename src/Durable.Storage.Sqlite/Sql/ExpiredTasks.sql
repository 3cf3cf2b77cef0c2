-- Tasks whose time is over (K2).
-- Index: durable_task_deadline. Bound: limit rows.
select run_id, gen, task_no, queue, visible_at, priority, activity, attempt, logical_attempt, visibility, cancel, encoding, shard, namespace, token, deadline_at, details, failures, payload
from durable_task where deadline_at is not null and deadline_at <= :now order by deadline_at limit :limit
