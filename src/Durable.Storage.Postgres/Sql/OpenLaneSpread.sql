-- OpenLane for an engine that spreads its tables: the clock is read once, among VALUES. Parameters as there.
insert into $schema.lane as l (lane_id, shard, epoch, commit_seq, expires_at, opened_at, holder, released, identity, host_build, serves)
values ($1, $2, 1, 0, $now + $5, $now, $4, false, $3, $7, $8)
on conflict (lane_id, shard) do update
set epoch = l.epoch + 1, previous = l.holder, holder = $4, expires_at = excluded.expires_at, died_at = null, released = false, identity = $3, host_build = $7, serves = $8,
    opened_at = case when l.holder = $4 then l.opened_at else excluded.opened_at end
where l.holder is null or l.holder = $4 or $6
returning epoch
