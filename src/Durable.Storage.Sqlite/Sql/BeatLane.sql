-- Renews a lease (R7).
-- Lock: the file's one write lock. Index: key of durable_lane. Bound: 1 row.
update durable_lane set expires_at = :expires_at where lane_id = :lane_id and epoch = :epoch
