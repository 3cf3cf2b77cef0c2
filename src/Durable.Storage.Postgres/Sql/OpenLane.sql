-- O1: opens, takes over or reads back; raises the epoch in every case, and waits for a batch of the old epoch that is in flight.
-- Locks: the lane row. No row: it is somebody else's. $1 lane, $2 home shard, $3 identity, $4 holder, $5 lease, $6 takeover, $7 build, $8 serves.
insert into $schema.lane as l (lane_id, shard, epoch, commit_seq, expires_at, opened_at, holder, released, identity, host_build, serves)
values ($1, $2, 1, 0, $now + $5, $now, $4, false, $3, $7, $8)
on conflict (lane_id, shard) do update
set epoch = l.epoch + 1, previous = l.holder, holder = $4, expires_at = $now + $5, died_at = null, released = false, identity = $3, host_build = $7, serves = $8,
    opened_at = case when l.holder = $4 then l.opened_at else $now end
where l.holder is null or l.holder = $4 or $6
returning epoch
