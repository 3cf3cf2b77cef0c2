-- TaskClaim for an engine that spreads its tables: its recursive queries need a condition on the shard in each arm. Parameters as there.
with n as materialized (
    select q.queue, q.most, s.namespace
    from unnest($1, $2) q(queue, most)
    join (select distinct t.queue, t.namespace from $schema.task t where t.queue = any ($1) and ($3::text[] is null or t.namespace = any ($3)) $shards(t)) s on s.queue = q.queue),
p as materialized (select n.queue, n.most, n.namespace, count(*) over () as pairs from n where n.namespace is not null),
o as materialized (
    select x.*, p.queue, p.most, row_number() over (partition by p.queue, p.namespace order by x.priority desc, x.visible_at) as turn from p
    cross join lateral (
        select t.run_id, t.gen, t.task_no, t.shard, t.priority, t.visible_at from $schema.task t
        where t.queue = p.queue and t.namespace = p.namespace and t.visible_at <= (select $now) and t.activity = any ($4) and (t.deadline_at is null or t.deadline_at > $now) $shards
        order by t.visible_at limit greatest(16, greatest(1000, $5) / p.pairs)::int) x),
r as materialized (select o.*, row_number() over (partition by o.queue order by o.turn, o.priority desc, o.visible_at) as place from o),
c as materialized (
    select k.run_id, k.gen, k.task_no, k.shard, k.until from (select * from r where r.place <= coalesce(r.most, r.place) order by r.turn, r.priority desc, r.visible_at offset 0) s
    cross join lateral (
        select t.run_id, t.gen, t.task_no, t.shard, least($now + t.visibility, t.deadline_at) as until from $schema.task t
        where t.run_id = s.run_id and t.gen = s.gen and t.task_no = s.task_no and t.shard = s.shard and t.visible_at <= $now $shards(t)
        for update skip locked) k
    limit $5)
update $schema.task t set token = $6, attempt = t.attempt + 1, visible_at = c.until
from c where t.run_id = any (array[c.run_id]) and t.gen = c.gen and t.task_no = c.task_no and t.shard = c.shard $shards(t)
returning t.run_id, t.gen, t.task_no, t.shard, t.namespace, t.activity, t.queue, t.priority, t.visible_at, t.token, t.attempt, t.logical_attempt, t.deadline_at, t.visibility, t.details, t.failure, t.cancel, t.payload, t.encoding
