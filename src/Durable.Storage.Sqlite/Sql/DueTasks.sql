-- Tasks of a queue and a namespace that can be taken (K1), the longest visible first; keys only, because few of them are taken.
-- Index: durable_task_visible. Bound: limit rows.
select run_id, gen, task_no, priority, visible_at
from durable_task
where queue = :queue and namespace = :namespace and visible_at <= :now and (deadline_at is null or deadline_at > :now)
    and activity in (select value from json_each(:known))
order by visible_at limit :limit
