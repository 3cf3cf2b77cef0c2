-- Mail of own runs, and runs to claim at once (L1): notices and wake rows that do not wait for a time.
-- Index: durable_ready_asap of one namespace, then keys of durable_owned and durable_ready. Bound: the caller stops at its limit.
select n.run_id, o.run_id is not null, w.priority, n.due_at
from durable_ready n
left join durable_owned o on o.run_id = n.run_id
left join durable_ready w on w.run_id = n.run_id and w.sender = x'00000000000000000000000000000000' and w.sender_seq = 0
where n.asap = 1 and (n.hold & 5) = 0 and n.namespace = :namespace and n.due_at between :low and :high
    and (o.lane_id = :lane_id or (o.run_id is null and w.run_id is not null and (n.control = 1 or (
        (w.hold & 5) = 0 and (w.type || '@' || w.version) in (select value from json_each(:serves)) and (:queues is null or w.queue in (select value from json_each(:queues)))
        and (w.hold = 0 or not exists (select 1 from json_each(w.hold_builds) where value = :build))))))
order by n.due_at
