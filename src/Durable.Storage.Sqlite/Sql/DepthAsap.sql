-- How many rows of one kind are due in a namespace, and since when: for metrics. Stalled rows wait for a build, not for time.
-- Index: durable_ready_asap. Bound: limit rows.
select count(*), min(due_at)
from (select due_at from durable_ready where asap = 1 and (hold & 5) = 0 and namespace = :namespace and due_at <= :high and hold = 0 order by due_at limit :limit)
