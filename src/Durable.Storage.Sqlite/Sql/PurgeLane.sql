-- A lane row goes when it is dead, owns nothing and its log is gone (X2).
-- Lock: the file's one write lock. Index: keys of durable_lane and durable_commit_log; durable_owned is read whole. Bound: 1 row.
delete from durable_lane where lane_id = :lane_id and holder is null and expires_at < :before
    and not exists (select 1 from durable_commit_log c where c.lane_id = durable_lane.lane_id) and not exists (select 1 from durable_owned o where o.lane_id = durable_lane.lane_id)
