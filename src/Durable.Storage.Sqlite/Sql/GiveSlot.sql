-- Gives a slot back (P4).
-- Lock: the file's one write lock. Index: key of durable_lease. Bound: 1 row.
delete from durable_lease where name = :name and holder = :holder
