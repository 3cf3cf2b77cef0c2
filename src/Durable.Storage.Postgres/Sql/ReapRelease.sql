-- R2, second statement: owned rows of the dead lane become wake rows that are due at once (R3), held if their status says so (S4); the attempt goes on only
-- if nothing moved (A2).
-- Locks: owned rows, in order of run. $1 lane, $2 at most.
with d as (
    delete from $schema.owned o
    where o.run_id = any (array(select x.run_id from $schema.owned x where x.lane_id = $1 $shards(x) order by x.run_id limit $2)) and o.lane_id = $1 $shards(o)
    returning o.run_id, o.shard, o.gen, o.next_seq, o.attempt, o.namespace)
insert into $schema.ready (run_id, sender, sender_seq, due_at, gen, next_seq, version, priority, attempt, shard, hold, mail, asap, control, namespace, type, queue)
select d.run_id, '00000000-0000-0000-0000-000000000000', 0, $now, r.gen, coalesce(e.seq + 1, 0), r.version, r.priority,
    case when d.gen = r.gen and d.next_seq = coalesce(e.seq + 1, 0) then d.attempt else 0 end, d.shard, case r.status when 2 then 1 when 4 then 2 when 5 then 4 else 0 end, false, true, false, d.namespace, r.type, r.queue
from d
cross join lateral (select r.* from $schema.run r where r.run_id = d.run_id and r.shard = d.shard $shards(r) offset 0) r
left join lateral (select e.seq from $schema.event e where e.run_id = d.run_id and e.gen = r.gen and e.shard = d.shard $shards(e) order by e.seq desc limit 1) e on true
