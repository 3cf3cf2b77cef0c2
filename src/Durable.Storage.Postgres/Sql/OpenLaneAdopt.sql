-- O2: runs of the holder before are adopted with their attempt counted (A1), or counted from 1 if they moved since (A2). Own runs are left alone.
-- A second statement of the same transaction, so it sees what the batch that O1 waited for has claimed (G4b). $1 lane, $2 home shard, $3 holder.
update $schema.owned o
set attempt = case when o.gen = p.gen and o.next_seq = p.next_seq then o.attempt + 1 else 1 end, gen = p.gen, next_seq = p.next_seq
from (
    select x.run_id, x.shard, r.gen, coalesce(e.seq + 1, 0) as next_seq
    from $schema.owned x
    cross join lateral (select r.gen from $schema.run r where r.run_id = x.run_id and r.shard = x.shard $shards(r) offset 0) r
    left join lateral (
        select e.seq from $schema.event e where e.run_id = x.run_id and e.gen = r.gen and e.shard = x.shard $shards(e) order by e.seq desc limit 1) e on true
    where x.lane_id = $1 $shards(x)
        and (select l.holder = $3 and l.previous is distinct from $3 from $schema.lane l where l.lane_id = $1 and l.shard = $2)) p
where o.run_id = any (array[p.run_id]) and o.shard = p.shard and o.lane_id = $1 $shards(o)
