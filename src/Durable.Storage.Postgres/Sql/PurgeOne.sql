-- P2: one run, if it is closed. $1 run.
select r.run_id, r.shard from $schema.run r where r.run_id = $1 and r.status >= 10
