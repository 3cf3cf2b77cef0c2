-- Records that the file may be worked on where it is.
-- Lock: the file's one write lock. Bound: 1 row.
update durable_schema set place = :place, accepted_at = :accepted_at, accepted_policy = :accepted_policy where id = 1
