-- X2: dead lanes that own nothing (released in a later transaction than they died in) and whose log is gone. Locks: lane rows, skip locked. $1 before.
delete from $schema.lane l
where (l.lane_id, l.shard) in (
    select d.lane_id, d.shard from $schema.lane d
    where d.holder is null and d.released and d.died_at < $1
        and not exists (select 1 from $schema.commit_log c where c.lane_id = d.lane_id)
    for update skip locked)
