-- A takeover counts as a claim (A1, A2).
-- Lock: the file's one write lock. Index: key of durable_owned. Bound: 1 row.
update durable_owned set attempt = :attempt, gen = :gen, next_seq = :next_seq where run_id = :run_id
