-- R5: fences a lane with an impossible lease that the reaper has seen unchanged for a whole lease by its own stopwatch.
-- Locks: the lane row. $1 lane, $2 epoch as seen, $3 lease as seen, $4 twice the lease.
update $schema.lane l set epoch = l.epoch + 1, holder = null, died_at = $now
where l.lane_id = $1 and l.epoch = $2 and l.expires_at = $3 and l.holder is not null and l.expires_at > $now + $4 $shards(l)
