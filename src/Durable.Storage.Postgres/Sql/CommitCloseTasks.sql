-- C4: tasks of ended runs. Locks: task rows, by key prefix. Behind the close, so a run that was not the lane's to close keeps them. $1 run, $2 shard.
delete from $schema.task t using unnest($1, $2) u(run_id, shard)
where t.run_id = u.run_id and t.shard = u.shard and exists (select 1 from $schema.run r where r.run_id = u.run_id and r.shard = u.shard and r.status >= 10)
