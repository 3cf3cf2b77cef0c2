-- Old generations of a run, oldest first (DECISIONS 10).
-- Lock: the file's one write lock. Index: key of durable_event. Bound: 1,000 rows.
delete from durable_event where run_id = :run_id and (gen, seq) in
    (select gen, seq from durable_event where run_id = :run_id and gen < :below_gen order by gen, seq limit 1000)
