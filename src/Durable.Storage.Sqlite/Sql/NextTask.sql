-- When the next task of a queue and a namespace can be taken, behind a point in time; those just taken do not count.
-- Index: durable_task_visible. Bound: 1 row.
select visible_at
from durable_task
where queue = :queue and namespace = :namespace and visible_at > :from and (deadline_at is null or deadline_at > :now)
    and activity in (select value from json_each(:known)) and (token is null or token <> :token)
order by visible_at limit 1
