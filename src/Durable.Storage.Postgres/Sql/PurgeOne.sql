-- P2: one run, if it is closed. $1 run, $2 closed before, or null.
select r.run_id, r.shard from $schema.run r where r.run_id = $1 and r.status >= 10 and ($2::timestamptz is null or r.closed_at < $2) $shards(r)
