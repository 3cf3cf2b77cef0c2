-- R1: fences lanes whose lease is over. Lane rows that a batch in flight holds are passed over: their holder lives.
-- Locks: lane rows, skip locked. $1 the reaper's own lane, $2 its shards or null.
with c as (
    select l.lane_id, l.shard from $schema.lane l
    where l.holder is not null and l.expires_at < $now and l.lane_id <> $1 and ($2::smallint[] is null or l.shard = any ($2))
    order by l.lane_id for update skip locked)
update $schema.lane l set epoch = l.epoch + 1, holder = null, died_at = $now
from c where l.lane_id = c.lane_id and l.shard = c.shard and l.holder is not null
returning l.lane_id
