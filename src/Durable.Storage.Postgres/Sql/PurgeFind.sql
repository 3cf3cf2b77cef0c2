-- P2: the next closed runs in order of key; run ids begin with their time, so runs that were started after the bound need no look.
-- $1 behind this run, $2 before this run id, $3 closed before, $4 at most.
select r.run_id, r.shard from $schema.run r
where r.run_id > $1 and r.run_id < $2 and r.status >= 10 and r.closed_at < $3 $shards(r)
order by r.run_id limit $4
