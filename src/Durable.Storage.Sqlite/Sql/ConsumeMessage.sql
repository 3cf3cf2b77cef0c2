-- A consumed message goes with its event (C2).
-- Lock: the file's one write lock. Index: key of durable_message. Bound: 1 row.
delete from durable_message where run_id = :run_id and sender = :sender and sender_seq = :sender_seq
