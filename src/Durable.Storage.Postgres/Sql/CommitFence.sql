-- C1: fence, renew, number, log. Always first. A refused fence makes commit_seq null: 23502, and nothing of the batch happens.
-- Locks: the lane row, by key. $1 lane, $2 home shard, $3 epoch, $4 number of this batch, $5 lease, $6 packed runs (28 bytes each: run, gen, first seq, last seq), $7 holder (a failover can lose an open; a reaper's fence then gives the same epoch out).
with f as (
    update $schema.lane set commit_seq = commit_seq + 1, expires_at = $now + $5
    where lane_id = $1 and shard = $2 and epoch = $3 and commit_seq = $4 - 1 and holder = $7
    returning commit_seq)
insert into $schema.commit_log (lane_id, commit_seq, at, shard, runs) select $1, max(f.commit_seq), $now, $2, $6 from f
