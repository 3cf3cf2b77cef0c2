-- C4: notices of ended runs; their messages stay as dead letters. Locks: ready rows, by key prefix. Behind the close, so a run that was not the lane's to close keeps them. $1 run, $2 shard.
delete from $schema.ready t using unnest($1, $2) u(run_id, shard)
where t.run_id = u.run_id and t.shard = u.shard and exists (select 1 from $schema.run r where r.run_id = u.run_id and r.shard = u.shard and r.status >= 10)
