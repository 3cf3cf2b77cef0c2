-- L3: run rows, by key. $1 runs.
select r.run_id, r.namespace, r.workflow_id, r.ordinal, r.shard, r.type, r.version, r.host_build, r.status, r.gen, r.first_gen, r.created_at, r.closed_at, r.deadline_at, r.input, r.outcome, r.encoding, r.secret, r.attributes::text, r.queue, r.priority, r.parent, r.actor, r.correlation, r.trace
from $schema.run r where r.run_id = any ($1) $shards(r)
