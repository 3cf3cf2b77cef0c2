-- C4: the outcome. Locks: run rows, by key. HOT as long as the page has room (fillfactor 45).
update $schema.run r
set status = u.status, outcome = u.outcome, encoding = u.encoding, attributes = coalesce(u.attributes::json, r.attributes), closed_at = $now
from unnest($1, $2, $3, $4, $5, $6) u(run_id, shard, status, outcome, encoding, attributes)
where r.run_id = u.run_id and r.shard = u.shard and r.status < 10
