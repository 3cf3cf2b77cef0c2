-- C4: notices of ended runs; their messages stay as dead letters. Locks: ready rows, by key prefix. $1 run, $2 shard.
delete from $schema.ready t using unnest($1, $2) u(run_id, shard) where t.run_id = u.run_id and t.shard = u.shard
