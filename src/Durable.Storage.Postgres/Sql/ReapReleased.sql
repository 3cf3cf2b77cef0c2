-- R2, when the statement before found fewer rows than it may take: nothing can be added under a dead lane, so nobody needs to look again. $1 lane, $2 shard.
update $schema.lane set released = true where lane_id = $1 and shard = $2 and holder is null
