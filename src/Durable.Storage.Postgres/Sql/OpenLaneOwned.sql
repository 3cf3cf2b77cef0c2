-- O1: the lane's runs, as they are behind the raised epoch. Reads owned as a whole: the statement is rare, and an index on the lane makes every close dearer (CEILING 3.4).
-- $1 lane, $2 home shard, $3 holder.
select o.run_id, o.attempt, o.gen, o.next_seq from $schema.owned o
where o.lane_id = $1 $shards(o) and exists (select 1 from $schema.lane l where l.lane_id = $1 and l.shard = $2 and l.holder = $3)
