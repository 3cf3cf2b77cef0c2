-- Dead lanes that still own runs.
-- Reads all of owned, only when there is a dead lane. Bound: one row per lane.
select distinct o.lane_id from owned o where o.lane_id in (select l.lane_id from lane l where l.holder is null)
