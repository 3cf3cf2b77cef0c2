-- F2: statuses by key, for those who wait. $1 runs.
select r.run_id, r.status from unnest($1) u(run_id) join $schema.run r on r.run_id = u.run_id $shards(r)
