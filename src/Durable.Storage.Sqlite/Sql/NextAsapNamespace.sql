-- The next namespace that has rows of one kind: a step of a walk over the index, not over its rows.
-- Index: durable_ready_asap. Bound: 1 row.
select namespace from durable_ready where asap = 1 and (hold & 5) = 0 and namespace >= :from order by namespace limit 1
