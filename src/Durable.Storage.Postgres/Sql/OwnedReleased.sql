-- ReapRelease for an engine that spreads its tables, second half: runs of the dead lane that have a wake row again are owned no more. $1 lane.
delete from $schema.owned o
where o.lane_id = $1 $shards(o) and o.run_id = any (array(select w.run_id from $schema.ready w join $schema.owned x on x.run_id = w.run_id and x.shard = w.shard
    where x.lane_id = $1 and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 $shards(w) $shards(x)))
