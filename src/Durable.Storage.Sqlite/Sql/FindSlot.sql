-- Who has a slot, until when, and by which of its requests (P4).
-- Index: key of durable_lease. Bound: 1 row.
select holder, expires_at, units from durable_lease where name = :name
