-- The other half of a claim or of a local start; the key proves that there is one owner.
-- Lock: the file's one write lock. Index: key of durable_owned. Bound: 1 row.
insert into durable_owned (run_id, lane_id, gen, next_seq, attempt, shard, namespace)
values (:run_id, :lane_id, :gen, :next_seq, :attempt, :shard, :namespace)
