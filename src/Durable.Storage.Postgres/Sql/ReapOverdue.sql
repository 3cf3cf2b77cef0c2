-- Held runs whose deadline is over: nobody keeps a timer for them. Reads only; the run is looked up by key. $1 at most so many, $2 shards or null.
select w.run_id, w.namespace, w.shard from $schema.ready w
cross join lateral (select r.deadline_at from $schema.run r where r.run_id = w.run_id and r.shard = w.shard offset 0) r
where w.hold <> 0 and r.deadline_at <= (select $now) and ($2::smallint[] is null or w.shard = any ($2))
limit $1
