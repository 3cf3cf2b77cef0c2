-- C5 and status changes of open runs: null leaves a column as it is. Locks: run rows, by key (only their owner updates them). One row per run.
update $schema.run r
set status = coalesce(u.status, r.status), attributes = coalesce(u.attributes::json, r.attributes), gen = coalesce(u.gen, r.gen),
    version = coalesce(u.version, r.version), first_gen = coalesce(u.first_gen, r.first_gen)
from unnest($1, $2, $3, $4, $5, $6, $7) u(run_id, shard, status, attributes, gen, version, first_gen)
where r.run_id = any (array[u.run_id]) and r.shard = u.shard and r.status < 10 $shards(r)
