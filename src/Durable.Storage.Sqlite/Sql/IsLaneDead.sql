-- Whether runs may be taken from a lane (R4): expiry alone is not enough.
-- Index: key of durable_lane. Bound: 1 row.
select 1 from durable_lane where lane_id = :lane_id and holder is null
