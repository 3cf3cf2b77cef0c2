-- A lane row goes when it is dead, owns nothing and its log is gone (X2).
-- Lock: the file's one write lock. Index: keys of lane and commit_log; owned is read whole. Bound: 1 row.
delete from lane where lane_id = :lane_id and holder is null and expires_at < :before
    and not exists (select 1 from commit_log c where c.lane_id = lane.lane_id) and not exists (select 1 from owned o where o.lane_id = lane.lane_id)
