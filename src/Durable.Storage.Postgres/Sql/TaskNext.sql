-- What is left of each queue after a claim: the first task that is due, and the first that is not yet. Those just taken do not count.
-- $1 queues, $2 at most so many of each or null, $3 namespaces or null, $4 activities, $5 token of those just taken. The last row has the clock only.
with recursive n as (
    select q.queue, q.most, case when $3::text[] is null then (select t.namespace from $schema.task t where t.queue = q.queue $shards(t) order by t.namespace limit 1) else s.namespace end as namespace
    from unnest($1, $2) q(queue, most) left join unnest($3) s(namespace) on true
    union all
    select n.queue, n.most, (select t.namespace from $schema.task t where t.queue = n.queue and t.namespace > n.namespace $shards(t) order by t.namespace limit 1)
    from n where $3::text[] is null and n.namespace is not null),
x as (
    select n.queue, d.visible_at as due, f.visible_at as later from n
    left join lateral (
        select t.visible_at from $schema.task t
        where t.queue = n.queue and t.namespace = n.namespace and t.visible_at <= (select $now) and t.activity = any ($4) and (t.deadline_at is null or t.deadline_at > $now)
            and t.token is distinct from $5 $shards(t)
        order by t.visible_at limit 1) d on true
    left join lateral (
        select t.visible_at from $schema.task t
        where t.queue = n.queue and t.namespace = n.namespace and t.visible_at > (select $now) and t.activity = any ($4) and (t.deadline_at is null or t.deadline_at > $now)
            and t.token is distinct from $5 $shards(t)
        order by t.visible_at limit 1) f on true)
select $now, x.queue, min(x.due), min(x.later) from x group by x.queue union all select $now, null, null, null
