-- Whether one run is closed, and before a time if one is given.
-- Index: key of durable_run. Bound: 1 row.
select 1 from durable_run where run_id = :run_id and status >= 10 and closed_at < :closed_before
