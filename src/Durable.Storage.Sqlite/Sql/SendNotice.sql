-- The notice of a message that was just inserted (D1). It is asap: no clock may hide it (S5).
-- Lock: the file's one write lock. Index: key of durable_ready, durable_ready_asap. Bound: 1 row.
insert into durable_ready (run_id, sender, sender_seq, due_at, asap, control, shard, namespace, hold)
values (:run_id, :sender, :sender_seq, :due_at, 1, :control, :shard, :namespace, 0)
on conflict do nothing
