-- The newest run of a workflow id. $1 namespace, $2 workflow id.
select r.run_id, r.namespace, r.workflow_id, r.ordinal, r.shard, r.type, r.version, r.host_build, r.status, r.gen, r.first_gen, r.created_at, r.closed_at, r.deadline_at, r.input, r.outcome, r.encoding, r.secret, r.attributes::text, r.queue, r.priority, r.parent, r.actor, r.correlation, r.trace
from $schema.run r where r.workflow_id = $2 and r.namespace = $1 $shards(r)
order by r.ordinal desc limit 1
