-- P2: events of closed runs, by key. $1 run, $2 shard.
delete from $schema.event t using unnest($1, $2) u(run_id, shard) where t.run_id = any (array[u.run_id]) and t.shard = u.shard $shards(t)
