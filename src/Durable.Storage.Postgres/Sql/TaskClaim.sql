-- K1: takes due tasks; the attempt counts here, before code runs. Queues and namespaces take turns: of each the first, then of each the second, so that the backlog of
-- one hides no other; the namespaces of a queue are found by skipping through the index. Priority counts among the 1,000 of a queue and namespace that are due longest
-- (with many of them each has its share of these). Rows that somebody else is taking are passed over, and only those that are taken are locked. Locks: task rows,
-- skip locked. $1 queues, $2 at most so many of each or null, $3 namespaces or null, $4 activities, $5 at most, $6 token.
with recursive n as (
    select q.queue, q.most, case when $3::text[] is null then (select t.namespace from $schema.task t where t.queue = q.queue $shards(t) order by t.namespace limit 1) else s.namespace end as namespace
    from unnest($1, $2) q(queue, most) left join unnest($3) s(namespace) on true
    union all
    select n.queue, n.most, (select t.namespace from $schema.task t where t.queue = n.queue and t.namespace > n.namespace $shards(t) order by t.namespace limit 1)
    from n where $3::text[] is null and n.namespace is not null),
p as materialized (select n.queue, n.most, n.namespace, count(*) over () as pairs from n where n.namespace is not null),
o as materialized (
    select x.*, p.queue, p.most, row_number() over (partition by p.queue, p.namespace order by x.priority desc, x.visible_at) as turn from p
    cross join lateral (
        select t.run_id, t.gen, t.task_no, t.shard, t.priority, t.visible_at from $schema.task t
        where t.queue = p.queue and t.namespace = p.namespace and t.visible_at <= (select $now) and t.activity = any ($4) and (t.deadline_at is null or t.deadline_at > $now) $shards
        order by t.visible_at limit greatest(16, greatest(1000, $5) / p.pairs)::int) x),
r as materialized (select o.*, row_number() over (partition by o.queue order by o.turn, o.priority desc, o.visible_at) as place from o),
c as materialized (
    select k.run_id, k.gen, k.task_no, k.shard from (select * from r where r.place <= coalesce(r.most, r.place) order by r.turn, r.priority desc, r.visible_at offset 0) s
    cross join lateral (
        select t.run_id, t.gen, t.task_no, t.shard from $schema.task t
        where t.run_id = s.run_id and t.gen = s.gen and t.task_no = s.task_no and t.shard = s.shard and t.visible_at <= $now $shards(t)
        for update skip locked) k
    limit $5)
update $schema.task t set token = $6, attempt = t.attempt + 1, visible_at = least($now + t.visibility, t.deadline_at)
from c where t.run_id = any (array[c.run_id]) and t.gen = c.gen and t.task_no = c.task_no and t.shard = c.shard $shards(t)
returning t.run_id, t.gen, t.task_no, t.shard, t.namespace, t.activity, t.queue, t.priority, t.visible_at, t.token, t.attempt, t.logical_attempt, t.deadline_at, t.visibility, t.details, t.failure, t.cancel, t.payload, t.encoding
