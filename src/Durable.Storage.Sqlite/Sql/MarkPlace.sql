-- Raises the mark that tells a file from an older copy of itself (decision 26).
-- Lock: the file's one write lock. Bound: 1 row.
update durable_schema set place = :place where id = 1
