-- Says of every open run that it is paused, unless it is held already.
-- Lock: the file's one write lock. Reads all of durable_run. Bound: all open runs.
update durable_run set status = 2 where status in (0, 1)
