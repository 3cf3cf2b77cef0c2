-- M2: rows that have arrived, or whose fate the batch records. Those that are gone are passed over. Locks: outgoing rows, by key. $1 sender, $2 seq, $3 shard.
delete from $schema.outgoing t using unnest($1, $2, $3) u(sender, seq, shard)
where t.sender = any (array[u.sender]) and t.seq = u.seq and t.shard = u.shard $shards(t)
