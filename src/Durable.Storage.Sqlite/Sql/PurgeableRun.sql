-- Whether one run is closed, and before a time if one is given.
-- Index: key of run. Bound: 1 row.
select 1 from run where run_id = :run_id and status >= 10 and closed_at < :closed_before
