-- CommitFence for an engine that spreads its tables, first half: a refused fence divides by zero (22012), and nothing of the batch happens. The second half is CommitLog.
-- Locks: the lane row, by key. $1 lane, $2 home shard, $3 epoch, $4 number of this batch, $5 lease, $6 holder.
with f as (
    update $schema.lane set commit_seq = commit_seq + 1, expires_at = $now + $5
    where lane_id = $1 and shard = $2 and epoch = $3 and commit_seq = $4 - 1 and holder = $6
    returning 1)
select 1 / count(*) from f
