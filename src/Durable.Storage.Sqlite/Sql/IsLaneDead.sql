-- Whether runs may be taken from a lane (R4): expiry alone is not enough.
-- Index: key of lane. Bound: 1 row.
select 1 from lane where lane_id = :lane_id and holder is null
