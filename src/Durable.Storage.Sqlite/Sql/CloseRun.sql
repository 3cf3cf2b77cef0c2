-- The end of a run (C4). A closed run never opens again (S2).
-- Lock: the file's one write lock. Index: key of durable_run. Bound: 1 row.
update durable_run set status = :status, outcome = :outcome, encoding = :encoding, closed_at = :closed_at, attributes = coalesce(:attributes, attributes)
where run_id = :run_id and status < 10
