-- Dead lanes that still own runs.
-- Reads all of durable_owned, only when there is a dead lane. Bound: one row per lane.
select distinct o.lane_id from durable_owned o where o.lane_id in (select l.lane_id from durable_lane l where l.holder is null)
