-- ReapRelease for an engine that spreads its tables, first half: wake rows of the dead lane's runs. The second half, OwnedReleased, follows in the same transaction. $1 lane, $2 at most.
with x as materialized (
    select d.run_id, r.gen, coalesce(e.seq + 1, 0) as next_seq, r.version, r.priority,
        case when d.gen = r.gen and d.next_seq = coalesce(e.seq + 1, 0) then d.attempt else 0 end as attempt, d.shard, case r.status when 2 then 1 when 4 then 2 when 5 then 4 else 0 end as hold, d.namespace, r.type, r.queue
    from (select o.run_id, o.shard, o.gen, o.next_seq, o.attempt, o.namespace from $schema.owned o where o.lane_id = $1 $shards(o) order by o.run_id limit $2) d
    cross join lateral (select r.* from $schema.run r where r.run_id = d.run_id and r.shard = d.shard $shards(r) offset 0) r
    left join lateral (select e.seq from $schema.event e where e.run_id = d.run_id and e.gen = r.gen and e.shard = d.shard $shards(e) order by e.seq desc limit 1) e on true)
insert into $schema.ready (run_id, sender, sender_seq, due_at, gen, next_seq, version, priority, attempt, shard, hold, mail, asap, control, namespace, type, queue)
select run_id, '00000000-0000-0000-0000-000000000000', 0, $now, gen, next_seq, version, priority, attempt, shard, hold, false, true, false, namespace, type, queue from x
