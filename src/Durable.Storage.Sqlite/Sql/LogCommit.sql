-- The batch's row of the feed (C1).
-- Lock: the file's one write lock. Index: key of durable_commit_log. Bound: 1 row.
insert into durable_commit_log (lane_id, commit_seq, at, shard, runs)
values (:lane_id, :commit_seq, :at, :shard, :runs)
