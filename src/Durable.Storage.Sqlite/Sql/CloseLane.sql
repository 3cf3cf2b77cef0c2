-- Gives a lane up (X1).
-- Lock: the file's one write lock. Index: key of durable_lane. Bound: 1 row.
update durable_lane set holder = null, epoch = epoch + 1 where lane_id = :lane_id and epoch = :epoch and holder is not null
