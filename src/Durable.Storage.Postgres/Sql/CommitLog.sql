-- CommitFence for an engine that spreads its tables, second half: the row of the log. Locks: none (insert). $1 lane, $2 number of this batch, $3 home shard, $4 packed runs.
insert into $schema.commit_log (lane_id, commit_seq, at, shard, runs) values ($1, $2, $now, $3, $4)
