-- N1 refused: was it our own retry (a run of our id is there), and which run is the newest of the workflow id? $1 run, $2 namespace, $3 workflow id, $4 shard.
select exists (select 1 from $schema.run x where x.run_id = $1 $shards(x)), r.run_id, r.namespace, r.workflow_id, r.ordinal, r.shard, r.type, r.version, r.host_build, r.status, r.gen, r.first_gen, r.created_at, r.closed_at, r.deadline_at, r.input, r.outcome, r.encoding, r.secret, r.attributes::text, r.queue, r.priority, r.parent, r.actor, r.correlation, r.trace
from $schema.run r where r.workflow_id = $3 and r.namespace = $2 and r.shard = $4
order by r.ordinal desc limit 1
