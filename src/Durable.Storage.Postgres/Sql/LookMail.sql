-- L1, notices: mail for own runs, and runs that a notice makes claimable. Reads only; both sides are looked up by key, filters stand before the limit.
-- $1 namespaces (all: own runs have mail whatever the lane serves now), $2 low-water mark, $3 lane, $4 serves, $5 build, $6 queues or null, $7 rows per namespace,
-- $8 served namespaces or null. Orphans (neither owner nor wake row) are the sweep's.
select x.run_id, x.mine, x.priority, x.due_at, s.namespace from unnest($1) s(namespace)
cross join lateral (
    select n.run_id, o.run_id is not null as mine, w.priority, n.due_at from $schema.ready n
    left join lateral (select o.run_id, o.lane_id from $schema.owned o where o.run_id = n.run_id and o.shard = n.shard $shards(o) offset 0) o on true
    left join lateral (
        select w.run_id, w.type || '@' || w.version as serves, w.queue, w.hold, w.hold_builds, w.priority from $schema.ready w
        where o.run_id is null and w.run_id = n.run_id and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 and w.shard = n.shard $shards(w) offset 0) w on true
    where n.namespace = s.namespace and n.mail and n.asap and n.due_at >= $2 $shards(n)
        and (o.lane_id = $3 or (o.run_id is null and w.run_id is not null and ($8::text[] is null or n.namespace = any ($8)) and (n.control
            or (w.serves = any ($4) and ($6::text[] is null or w.queue = any ($6)) and (w.hold = 0 or (w.hold = 2 and ($5 = any (w.hold_builds)) is not true))))))
    order by n.due_at limit $7) x
