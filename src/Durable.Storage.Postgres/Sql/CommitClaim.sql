-- L2: takes wake rows; rows that somebody else is taking are passed over, so it never waits. The attempt counts here (A1).
-- Locks: ready rows, by key, skip locked. $1 candidates, $2 lane. Fewer rows than candidates is normal.
with w as (
    select t.run_id from $schema.ready t
    where t.run_id = any ($1) and t.sender = '00000000-0000-0000-0000-000000000000' and t.sender_seq = 0 $shards
    order by t.run_id for update skip locked),
d as (
    delete from $schema.ready t
    where t.run_id = any (array(select run_id from w)) and t.sender = '00000000-0000-0000-0000-000000000000' and t.sender_seq = 0 $shards
    returning t.run_id, t.gen, t.next_seq, t.attempt, t.shard, t.namespace)
insert into $schema.owned (run_id, lane_id, gen, next_seq, attempt, shard, namespace)
select run_id, $2, gen, next_seq, attempt + 1, shard, namespace from d
returning run_id, attempt, gen, next_seq
