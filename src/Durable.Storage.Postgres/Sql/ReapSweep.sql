-- D8: notices older than 1 s of runs that have in this one snapshot neither an owner nor a wake row without hold (for a control notice: no wake row at all).
-- Their messages stay as dead letters, or as mail of a held run; those of a purged run go too. Locks: ready rows, skip locked. Every table is entered by key in a
-- lateral lookup, and left by the place of the row that was found: two row sets never meet in a join.
-- $1 namespaces, $2 behind this due time, $3 at most so many notices looked at in each namespace, $4 at most so many swept.
with n as materialized (
    select x.* from unnest($1) s(namespace)
    cross join lateral (
        select n.run_id, n.sender, n.sender_seq, n.shard, n.control, n.due_at from $schema.ready n
        where n.namespace = s.namespace and n.mail and n.asap and n.due_at >= $2 and n.due_at < (select $now - interval '1 second') $shards(n)
        order by n.due_at limit $3) x),
c as materialized (
    select n.* from n
    left join lateral (select o.run_id from $schema.owned o where o.run_id = n.run_id and o.shard = n.shard $shards(o) offset 0) o on true
    left join lateral (
        select w.run_id from $schema.ready w
        where w.run_id = n.run_id and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 and w.shard = n.shard and (w.hold = 0 or n.control) $shards(w) offset 0) w on true
    where o.run_id is null and w.run_id is null),
k as materialized (
    select t.* from c
    cross join lateral (
        select t.ctid as place, t.run_id, t.sender, t.sender_seq, t.shard from $schema.ready t
        where t.run_id = c.run_id and t.sender = c.sender and t.sender_seq = c.sender_seq and t.shard = c.shard $shards(t)
        for update skip locked) t
    limit $4),
d as (
    delete from $schema.ready t where t.ctid = any (array(select k.place from k))
    returning t.run_id),
m as (
    delete from $schema.message t where t.ctid = any (array(
        select x.place from k
        left join lateral (select r.run_id from $schema.run r where r.run_id = k.run_id and r.shard = k.shard $shards(r) offset 0) r on true
        cross join lateral (
            select y.ctid as place from $schema.message y
            where y.run_id = k.run_id and y.sender = k.sender and y.sender_seq = k.sender_seq and y.shard = k.shard $shards(y) offset 0) x
        where r.run_id is null)))
select (select count(*)::int from d), (select count(*)::int from n), (select max(due_at) from n)
