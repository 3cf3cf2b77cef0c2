-- K2: tasks whose deadline is over, locked until the transaction has made messages of them. Locks: task rows, skip locked. $1 at most.
select t.run_id, t.gen, t.task_no, t.shard, t.namespace, t.activity, t.queue, t.priority, t.visible_at, t.token, t.attempt, t.logical_attempt, t.deadline_at, t.visibility, t.details, t.failure, t.cancel, t.payload, t.encoding
from $schema.task t where t.deadline_at <= (select $now) $shards(t) order by t.deadline_at limit $1 for update skip locked
