-- C1: renews the lease if a quarter of it is over (or if the clock was set back), and writes the number down then. Behind the fence, which has locked the row.
-- $1 lane, $2 home shard, $3 number of this batch, $4 lease, $5 how much of it is enough.
update $schema.lane set commit_seq = $3, expires_at = $now + $4
where lane_id = $1 and shard = $2 and expires_at not between $now + $5 and $now + $4
