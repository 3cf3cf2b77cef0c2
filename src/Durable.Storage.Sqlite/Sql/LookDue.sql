-- Runs to claim whose time has come, or has almost (L1): the caller passes over those of the future that have not begun.
-- Index: durable_ready_due of one namespace. A wake row has no owner, so nothing else is read. Bound: the caller stops at its limit.
select n.run_id, 0, n.priority, n.due_at, n.next_seq > 0 and n.hold = 0
from durable_ready n
where n.asap = 0 and (n.hold & 5) = 0 and n.namespace = :namespace and n.due_at between :low and :high
    and (n.type || '@' || n.version) in (select value from json_each(:serves)) and (:queues is null or n.queue in (select value from json_each(:queues)))
        and (n.hold = 0 or not exists (select 1 from json_each(n.hold_builds) where value = :build))
order by n.due_at
