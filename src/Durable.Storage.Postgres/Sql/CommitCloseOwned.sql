-- C4: a run that ends is owned no more. Locks: owned rows, by key. $1 run, $2 shard, $3 lane.
delete from $schema.owned o using unnest($1, $2) u(run_id, shard)
where o.run_id = u.run_id and o.shard = u.shard and o.lane_id = $3
