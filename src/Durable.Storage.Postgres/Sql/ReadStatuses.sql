-- F2: statuses by key, for those who wait. $1 runs.
select r.run_id, r.status from $schema.run r where r.run_id = any ($1) $shards(r)
