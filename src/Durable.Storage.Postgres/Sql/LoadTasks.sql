-- L3: task rows of each run. $1 runs.
select t.run_id, t.gen, t.task_no, t.shard, t.namespace, t.activity, t.queue, t.priority, t.visible_at, t.token, t.attempt, t.logical_attempt, t.deadline_at, t.visibility, t.details, t.failure, t.cancel, t.payload, t.encoding
from $schema.task t where t.run_id = any ($1) $shards(t)
order by t.run_id, t.gen, t.task_no
