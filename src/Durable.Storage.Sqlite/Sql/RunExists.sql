-- Whether a run is stored.
-- Index: key of run. Bound: 1 row.
select status from run where run_id = :run_id
