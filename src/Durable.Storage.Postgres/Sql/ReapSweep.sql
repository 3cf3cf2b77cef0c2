-- D8: notices older than 1 s of runs that have in this one snapshot neither an owner nor a wake row without hold (for a control notice: no wake row at all).
-- Their messages stay as dead letters, or as mail of a held run; those of a purged run go too. Locks: ready rows, skip locked.
-- $1 namespaces, $2 behind this due time, $3 at most so many notices looked at in each namespace, $4 at most so many swept.
with n as materialized (
    select x.run_id, x.sender, x.sender_seq, x.shard, x.control, x.due_at from unnest($1) s(namespace)
    cross join lateral (
        select n.run_id, n.sender, n.sender_seq, n.shard, n.control, n.due_at from $schema.ready n
        where n.namespace = s.namespace and n.mail and n.asap and n.due_at >= $2 and n.due_at < (select $now - interval '1 second')
        order by n.due_at limit $3) x),
c as materialized (
    select n.* from n
    where not exists (select 1 from $schema.owned o where o.run_id = n.run_id and o.shard = n.shard)
        and not exists (
            select 1 from $schema.ready w
            where w.run_id = n.run_id and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 and w.shard = n.shard and (w.hold = 0 or n.control))),
k as materialized (
    select t.run_id, t.sender, t.sender_seq, t.shard from c
    cross join lateral (
        select t.run_id, t.sender, t.sender_seq, t.shard from $schema.ready t
        where t.run_id = c.run_id and t.sender = c.sender and t.sender_seq = c.sender_seq and t.shard = c.shard
        for update skip locked) t
    limit $4),
d as (
    delete from $schema.ready t using k
    where t.run_id = k.run_id and t.sender = k.sender and t.sender_seq = k.sender_seq and t.shard = k.shard
    returning t.run_id, t.sender, t.sender_seq, t.shard),
m as (
    delete from $schema.message t using d
    where t.run_id = d.run_id and t.sender = d.sender and t.sender_seq = d.sender_seq and t.shard = d.shard
        and not exists (select 1 from $schema.run r where r.run_id = d.run_id and r.shard = d.shard))
select (select count(*)::int from d), (select count(*)::int from n), (select max(due_at) from n)
