-- R7: an empty C1 without a log row, on a connection of its own. Locks: the lane row. $1 lane, $2 home shard, $3 epoch, $4 lease.
update $schema.lane set expires_at = $now + $4 where lane_id = $1 and shard = $2 and epoch = $3
