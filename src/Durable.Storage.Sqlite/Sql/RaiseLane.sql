-- Takes a lane over or reads it back (O1): the epoch is raised in either case.
-- Lock: the file's one write lock. Index: key of durable_lane. Bound: 1 row.
update durable_lane set epoch = epoch + 1, holder = :holder, expires_at = :expires_at, identity = :identity, build = :build, serves = :serves
where lane_id = :lane_id
returning epoch, commit_seq
