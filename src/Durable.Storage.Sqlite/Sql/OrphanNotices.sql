-- Notices that lead nowhere (D8): no owner, and no wake row that such a notice may take; with the age that keeps slow senders safe.
-- Index: durable_ready_asap per namespace, then keys of durable_owned, durable_ready and durable_run. Bound: limit rows.
select n.run_id, n.sender, n.sender_seq, exists (select 1 from durable_run r where r.run_id = n.run_id)
from durable_ready n
where n.asap = 1 and (n.hold & 5) = 0 and n.namespace = :namespace and n.due_at < :before and n.sender <> x'00000000000000000000000000000000'
    and not exists (select 1 from durable_owned o where o.run_id = n.run_id)
    and not exists (select 1 from durable_ready w where w.run_id = n.run_id and w.sender = x'00000000000000000000000000000000' and w.sender_seq = 0 and (w.hold = 0 or n.control = 1))
limit :limit
