-- C3: owned row to wake row. Does not look at messages: those the lane does not know have their own notice.
-- Locks: owned rows, by key. $1 lane, then the columns of the wake row; hold_builds comes joined by line feeds.
-- The lane is compared as a column of u: as a constant, the planner would take it for so selective that it walks all owned rows once per parked run.
with d as (
    delete from $schema.owned o
    using (
        select u.*, $1 as lane_id
        from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            u(run_id, shard, namespace, due_at, asap, type, version, queue, priority, hold, hold_builds, wait_reason, gen, next_seq)
        offset 0) u
    where o.run_id = any (array[u.run_id]) and o.shard = u.shard and o.lane_id = u.lane_id $shards(o)
    returning u.*)
insert into $schema.ready (run_id, sender, sender_seq, due_at, gen, next_seq, version, priority, attempt, shard, hold, mail, asap, control, namespace, type, queue, hold_builds, wait_reason)
select run_id, '00000000-0000-0000-0000-000000000000', 0, case when asap then $now else coalesce(due_at, 'infinity') end, gen, next_seq, version, priority, 0, shard, hold, false, asap, false,
    namespace, type, queue, string_to_array(hold_builds, E'\n'), wait_reason
from d
