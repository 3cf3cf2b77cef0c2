-- Tasks of a queue that can be taken (K1), the longest visible first; keys only, because few of them are taken.
-- Index: durable_task_visible. Bound: limit rows.
select run_id, gen, task_no, priority, visible_at
from durable_task
where queue = :queue and visible_at <= :now and (deadline_at is null or deadline_at > :now)
    and activity in (select value from json_each(:known)) and (:namespaces is null or namespace in (select value from json_each(:namespaces)))
order by visible_at limit :limit
