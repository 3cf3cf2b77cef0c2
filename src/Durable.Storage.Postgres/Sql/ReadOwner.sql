-- Where a run is: its owner. $1 run.
select coalesce(l.identity, ''), coalesce(l.holder is not null and l.expires_at > $now, false), o.attempt
from $schema.owned o left join $schema.lane l on l.lane_id = o.lane_id $shards(l) where o.run_id = $1 $shards(o)
