-- DECISIONS 9, HoldAllRuns: runs that those lanes owned get a held wake row.
insert into $schema.ready (run_id, sender, sender_seq, due_at, gen, next_seq, version, priority, attempt, shard, hold, mail, asap, control, namespace, type, queue)
select o.run_id, '00000000-0000-0000-0000-000000000000', 0, $now, r.gen, coalesce(e.seq + 1, 0), r.version, r.priority, 0, o.shard, 1 | case when r.status = 4 then 2 when r.status = 5 then 4 else 0 end, false, true, false, o.namespace, r.type, r.queue
from $schema.owned o
cross join lateral (select r.* from $schema.run r where r.run_id = o.run_id and r.shard = o.shard $shards(r) offset 0) r
left join lateral (select e.seq from $schema.event e where e.run_id = o.run_id and e.gen = r.gen and e.shard = o.shard $shards(e) order by e.seq desc limit 1) e on true $only(o)
