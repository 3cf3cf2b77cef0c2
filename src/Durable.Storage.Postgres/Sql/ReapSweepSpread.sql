-- ReapSweep for an engine that spreads its tables: rows are named by their keys. Parameters as there.
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
        select t.run_id, t.sender, t.sender_seq, t.shard from $schema.ready t
        where t.run_id = c.run_id and t.sender = c.sender and t.sender_seq = c.sender_seq and t.shard = c.shard $shards(t)
        for update skip locked) t
    limit $4),
d as (
    delete from $schema.ready t using k
    where t.run_id = k.run_id and t.sender = k.sender and t.sender_seq = k.sender_seq and t.shard = k.shard $shards(t)
    returning t.run_id),
m as (
    delete from $schema.message t using k
    where t.run_id = k.run_id and t.sender = k.sender and t.sender_seq = k.sender_seq and t.shard = k.shard $shards(t)
        and (k.run_id = any (array(select r.run_id from $schema.run r join k x on r.run_id = x.run_id and r.shard = x.shard $shards(r)))) is not true)
select (select count(*)::int from d), (select count(*)::int from n), (select max(due_at) from n)
