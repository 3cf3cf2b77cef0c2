-- X1: gives the lane up. Locks: the lane row. $1 lane, $2 home shard, $3 epoch.
update $schema.lane set holder = null, epoch = epoch + 1, died_at = $now where lane_id = $1 and shard = $2 and epoch = $3 and holder is not null
