-- Pauses every run that waits (DECISIONS 9).
-- Lock: the file's one write lock. Reads all of durable_ready. Bound: all wake rows.
update durable_ready set hold = hold | 1 where sender = x'00000000000000000000000000000000' and sender_seq = 0
