-- Who has a slot, and until when (P4).
-- Index: key of durable_lease. Bound: 1 row.
select holder, expires_at from durable_lease where name = :name
