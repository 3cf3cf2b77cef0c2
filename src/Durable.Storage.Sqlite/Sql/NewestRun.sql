-- The newest run of a workflow id.
-- Index: durable_run_workflow. Bound: 1 row.
select run_id, namespace, workflow_id, ordinal, shard, type, version, build, status, gen, first_gen, created_at, closed_at, deadline_at, encoding, queue, priority, secret, input, outcome, attributes, parent, actor, correlation, trace
from durable_run where workflow_id = :workflow_id and namespace = :namespace order by ordinal desc limit 1
