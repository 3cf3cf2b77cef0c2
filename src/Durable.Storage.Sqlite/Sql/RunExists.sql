-- Whether a run is stored.
-- Index: key of durable_run. Bound: 1 row.
select status from durable_run where run_id = :run_id
