-- Fences a lane whose lease is over (R1), or lies further ahead than a lease can and was seen unchanged for a whole lease (R5).
-- Lock: the file's one write lock. Index: key of durable_lane. Bound: 1 row.
update durable_lane set epoch = epoch + 1, holder = null
where lane_id = :lane_id and epoch = :epoch and expires_at = :expires_at and holder is not null
