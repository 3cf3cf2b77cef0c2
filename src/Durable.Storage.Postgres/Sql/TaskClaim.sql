-- K1: takes due tasks; the attempt counts here, before code runs. Priority counts among the 1,000 that are due longest. Rows that somebody else is taking are
-- passed over, and only those that are taken are locked. Locks: task rows, skip locked. $1 queues, $2 activities, $3 namespaces or null, $4 at most, $5 token.
with o as materialized (
    select x.run_id, x.gen, x.task_no, x.shard, x.priority, x.visible_at from unnest($1) q(queue)
    cross join lateral (
        select t.run_id, t.gen, t.task_no, t.shard, t.priority, t.visible_at from $schema.task t
        where t.queue = q.queue and t.visible_at <= (select $now) and t.activity = any ($2) and ($3::text[] is null or t.namespace = any ($3))
            and (t.deadline_at is null or t.deadline_at > $now) $shards
        order by t.visible_at limit greatest(1000, $4)) x
    order by x.visible_at limit greatest(1000, $4)),
c as materialized (
    select k.run_id, k.gen, k.task_no, k.shard from (select * from o order by o.priority desc, o.visible_at offset 0) s
    cross join lateral (
        select t.run_id, t.gen, t.task_no, t.shard from $schema.task t
        where t.run_id = s.run_id and t.gen = s.gen and t.task_no = s.task_no and t.shard = s.shard and t.visible_at <= $now
        for update skip locked) k
    limit $4)
update $schema.task t set token = $5, attempt = t.attempt + 1, visible_at = least($now + t.visibility, t.deadline_at)
from c where t.run_id = c.run_id and t.gen = c.gen and t.task_no = c.task_no and t.shard = c.shard
returning t.run_id, t.gen, t.task_no, t.shard, t.namespace, t.activity, t.queue, t.priority, t.visible_at, t.token, t.attempt, t.logical_attempt, t.deadline_at, t.visibility, t.details, t.failure, t.cancel, t.payload, t.encoding
