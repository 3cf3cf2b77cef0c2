-- The claim (L2): the delete that hits makes the lane the owner.
-- Lock: the file's one write lock. Index: key of durable_ready. Bound: 1 row.
delete from durable_ready where run_id = :run_id and sender = x'00000000000000000000000000000000' and sender_seq = 0
returning attempt, gen, next_seq, shard, namespace
