-- C1: fence, number, log. Always first. A refused fence makes commit_seq null: 23502, and nothing of the batch happens.
-- The lane row is locked, not written: each version of it would have to be read past for as long as somebody holds a snapshot (decision 27). What the last number is, the log says;
-- the row's own commit_seq is the number of the last batch that renewed the lease, and all that is left where the log is purged.
-- Locks: the lane row, by key. $1 lane, $2 home shard, $3 epoch, $4 number of this batch, $5 packed runs (28 bytes each: run, gen, first seq, last seq), $6 holder (a failover can lose an open; a reaper's fence then gives the same epoch out).
with f as (
    select $4 as commit_seq from $schema.lane l
    where l.lane_id = $1 and l.shard = $2 and l.epoch = $3 and l.holder = $6
        and greatest(l.commit_seq, (select c.commit_seq from $schema.commit_log c where c.lane_id = $1 and c.shard = $2 order by c.commit_seq desc limit 1)) = $4 - 1
    for no key update of l)
insert into $schema.commit_log (lane_id, commit_seq, at, shard, runs) values ($1, (select commit_seq from f), $now, $2, $5)
