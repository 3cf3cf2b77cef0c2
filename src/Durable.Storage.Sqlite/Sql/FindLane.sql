-- Who has a lane (O1).
-- Index: key of durable_lane. Bound: 1 row.
select epoch, commit_seq, holder from durable_lane where lane_id = :lane_id
