-- A lane that is new (O1).
-- Lock: the file's one write lock. Index: key of durable_lane. Bound: 1 row.
insert into durable_lane (lane_id, epoch, commit_seq, expires_at, holder, identity, build, serves, shard)
values (:lane_id, 1, 0, :expires_at, :holder, :identity, :build, :serves, :shard)
