-- C9: lanes that expired a whole lease ago and could still not be fenced: somebody holds their row. $1 the reaper's own lane, $2 the lease.
select l.lane_id from $schema.lane l where l.holder is not null and l.lane_id <> $1 and l.expires_at < $now - $2 $shards(l)
