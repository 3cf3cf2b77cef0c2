-- CommitFence for an engine that spreads its tables: it takes no sub-select among VALUES. Parameters as there.
with f as (
    update $schema.lane set commit_seq = commit_seq + 1, expires_at = $now + $5
    where lane_id = $1 and shard = $2 and epoch = $3 and commit_seq = $4 - 1 and holder = $7
    returning commit_seq)
insert into $schema.commit_log (lane_id, commit_seq, at, shard, runs) select $1, (select commit_seq from f), $now, $2, $6
