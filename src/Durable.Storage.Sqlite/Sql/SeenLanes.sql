-- All lanes, for a reaper to choose from.
-- Reads all of durable_lane: a few rows. Bound: 10,000 rows.
select lane_id, epoch, expires_at, holder is not null from durable_lane order by lane_id limit 10000
