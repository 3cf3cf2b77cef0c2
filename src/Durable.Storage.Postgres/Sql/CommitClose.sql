-- C4: a run that ends is owned no more and has its outcome; one that is not the lane's stays as it is (an alarm).
-- Locks: owned rows, then run rows, by key. HOT as long as the page has room (fillfactor 45). $1 lane (a column of u, as in CommitPark),
-- $2-$7 ends. any (array[…]), here and elsewhere: the parameters lead the way to the key, whatever the planner believes about the table (docs/decisions/0028).
with d as (
    delete from $schema.owned o
    using (select u.*, $1 as lane_id from unnest($2, $3, $4, $5, $6, $7) u(run_id, shard, status, outcome, encoding, attributes) offset 0) u
    where o.run_id = any (array[u.run_id]) and o.shard = u.shard and o.lane_id = u.lane_id $shards(o)
    returning u.*)
update $schema.run r
set status = d.status, outcome = d.outcome, encoding = d.encoding, attributes = coalesce(d.attributes::json, r.attributes), closed_at = $now
from d where r.run_id = any (array[d.run_id]) and r.shard = d.shard and r.status < 10 $shards(r)
