-- Tasks cancelled by their run, or of a generation that ended. Locks: task rows, by key, sorted. $1 run, $2 gen, $3 task_no, $4 shard.
delete from $schema.task t using unnest($1, $2, $3, $4) u(run_id, gen, task_no, shard)
where t.run_id = any (array[u.run_id]) and t.gen = u.gen and t.task_no = u.task_no and t.shard = u.shard $shards(t)
