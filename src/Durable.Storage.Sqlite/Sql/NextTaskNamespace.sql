-- The next namespace that has tasks of a queue: a step of a walk over the index, not over its rows.
-- Index: durable_task_visible. Bound: 1 row.
select namespace from durable_task where queue = :queue and namespace >= :from order by namespace limit 1
