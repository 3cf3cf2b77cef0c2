-- DECISIONS 10: old generations, at most 1,000 rows of each run a time. Locks: event rows of own runs. $1 run, $2 shard, $3 generations below this.
delete from $schema.event e
using (
    select x.run_id, x.gen, x.shard, x.seq from unnest($1, $2, $3) u(run_id, shard, below)
    cross join lateral (
        select y.run_id, y.gen, y.shard, y.seq from $schema.event y
        where y.run_id = u.run_id and y.gen < u.below and y.shard = u.shard $shards(y)
        order by y.gen, y.seq limit 1000 offset 0) x) k
where e.run_id = any (array[k.run_id]) and e.gen = k.gen and e.shard = k.shard and e.seq = k.seq $shards(e)
