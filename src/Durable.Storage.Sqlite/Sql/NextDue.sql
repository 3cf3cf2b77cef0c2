-- The earliest time at which this lane could claim something.
-- Index: durable_ready_due of one namespace. Bound: 1 row.
select n.due_at
from durable_ready n
where n.asap = 0 and (n.hold & 5) = 0 and n.namespace = :namespace and n.due_at > :now and n.due_at < 9223372036854775807
    and (n.type || '@' || n.version) in (select value from json_each(:serves)) and (:queues is null or n.queue in (select value from json_each(:queues)))
        and (n.hold = 0 or not exists (select 1 from json_each(n.hold_builds) where value = :build))
order by n.due_at limit 1
