-- A run's row (L3).
-- Index: key of durable_run. Bound: 1 row.
select run_id, namespace, workflow_id, ordinal, shard, type, version, build, status, gen, first_gen, created_at, closed_at, deadline_at, encoding, queue, priority, secret, input, outcome, attributes, parent, actor, correlation, trace
from durable_run where run_id = :run_id
