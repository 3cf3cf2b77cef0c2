-- R2: dead lanes whose runs may not all be released. $1 shards or null.
select l.lane_id, l.shard from $schema.lane l
where l.holder is null and not l.released and ($1::smallint[] is null or l.shard = any ($1))
order by l.lane_id
