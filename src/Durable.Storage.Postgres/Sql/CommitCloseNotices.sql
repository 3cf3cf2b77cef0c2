-- C4: notices of runs that this batch ends; their messages stay as dead letters. Before the close, while the lane's owned row says whose the run is: behind it, an end of this
-- batch could not be told from one long ago, and the notice of a letter to a run that had ended would go with a close that is refused.
-- Locks: ready rows, by key prefix. $1 lane, $2 run, $3 shard.
delete from $schema.ready t
using (
    select u.run_id, u.shard from unnest($2, $3) u(run_id, shard)
    cross join lateral (select o.lane_id from $schema.owned o where o.run_id = u.run_id and o.shard = u.shard $shards(o) offset 0) o
    where o.lane_id = $1 offset 0) u
where t.run_id = any (array[u.run_id]) and t.shard = u.shard $shards(t)
