-- C2: the consumed message itself. Locks: message rows, by key. $1 run, $2 sender, $3 sender_seq, $4 shard.
delete from $schema.message t using unnest($1, $2, $3, $4) u(run_id, sender, sender_seq, shard)
where t.run_id = any (array[u.run_id]) and t.sender = u.sender and t.sender_seq = u.sender_seq and t.shard = u.shard $shards(t)
