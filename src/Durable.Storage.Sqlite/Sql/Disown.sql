-- A run leaves its lane (C3, C4). Not one row: the lane did not own it, and nothing else may be done to the run.
-- Lock: the file's one write lock. Index: key of durable_owned. Bound: 1 row.
delete from durable_owned where run_id = :run_id and lane_id = :lane_id
