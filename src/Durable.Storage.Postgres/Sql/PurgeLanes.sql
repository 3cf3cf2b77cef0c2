-- X2: dead lanes that own nothing and whose log is gone; they died before this transaction began. One pass over owned. Locks: lane rows, skip locked. $1 before.
delete from $schema.lane l
where (l.lane_id, l.shard) in (
    select d.lane_id, d.shard from $schema.lane d
    where d.holder is null $shards(d) and d.died_at < $1 and (d.lane_id in (select o.lane_id from $schema.owned o $only(o))) is not true
        and not exists (select 1 from $schema.commit_log c where c.lane_id = d.lane_id $shards(c))
    for update skip locked) $shards(l)
