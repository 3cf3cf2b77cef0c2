-- The notice of a consumed message goes in the commit that consumes it (C2), never earlier.
-- Lock: the file's one write lock. Index: key of durable_ready. Bound: 1 row.
delete from durable_ready where run_id = :run_id and sender = :sender and sender_seq = :sender_seq
