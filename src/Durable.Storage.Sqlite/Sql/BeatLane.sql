-- Renews a lease (R7).
-- Lock: the file's one write lock. Index: key of lane. Bound: 1 row.
update lane set expires_at = :expires_at where lane_id = :lane_id and epoch = :epoch
