-- CommitFence for an engine that spreads its tables, first half: a refused fence divides by zero (22012), and nothing of the batch happens. The second half is CommitLog.
-- Locks: the lane row, by key. $1 lane, $2 home shard, $3 epoch, $4 number of this batch, $5 holder.
with f as (
    select 1 from $schema.lane l
    where l.lane_id = $1 and l.shard = $2 and l.epoch = $3 and l.holder = $5
        and greatest(l.commit_seq, (select c.commit_seq from $schema.commit_log c where c.lane_id = $1 and c.shard = $2 order by c.commit_seq desc limit 1)) = $4 - 1
    for no key update of l)
select 1 / count(*) from f
