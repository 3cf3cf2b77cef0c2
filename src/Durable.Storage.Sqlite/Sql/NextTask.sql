-- When the next task of a queue can be taken.
-- Index: durable_task_visible. Bound: 1 row.
select visible_at
from durable_task
where queue = :queue and visible_at > :now and (deadline_at is null or deadline_at > :now)
    and activity in (select value from json_each(:known)) and (:namespaces is null or namespace in (select value from json_each(:namespaces)))
order by visible_at limit 1
