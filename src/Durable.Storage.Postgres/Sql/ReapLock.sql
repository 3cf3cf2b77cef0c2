-- R2, first statement: holds the dead lane row, so that no new incarnation adopts what is released. No row: it lives again, stop. $1 lane, $2 shard.
select 1 from $schema.lane l where l.lane_id = $1 and l.shard = $2 and l.holder is null and not l.released for update
