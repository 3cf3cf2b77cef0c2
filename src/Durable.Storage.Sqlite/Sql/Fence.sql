-- The fence (C1): renews, numbers, and changes one row or refuses the batch. First statement of every batch.
-- Lock: the file's one write lock. Index: key of durable_lane. Bound: 1 row.
update durable_lane set commit_seq = commit_seq + 1, expires_at = :expires_at
where lane_id = :lane_id and epoch = :epoch and commit_seq = :commit_seq_before and holder = :holder
