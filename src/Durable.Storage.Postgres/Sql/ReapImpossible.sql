-- R5: leases further ahead than they can be: the clock has stepped back. $1 the reaper's own lane, $2 its shards or null, $3 twice the lease.
select l.lane_id, l.epoch, l.expires_at from $schema.lane l
where l.holder is not null and l.expires_at > $now + $3 and l.lane_id <> $1 and ($2::smallint[] is null or l.shard = any ($2))
