-- Mail (D1). Not one row: the same key is waiting already, so it was accepted before.
-- Lock: the file's one write lock. Index: key of durable_message. Bound: 1 row.
insert into durable_message (run_id, sender, sender_seq, kind, control, accepted_at, encoding, reply_gen, reply_ordinal, shard, namespace, target, payload,
    actor, correlation, causation, trace)
values (:run_id, :sender, :sender_seq, :kind, :control, :accepted_at, :encoding, :reply_gen, :reply_ordinal, :shard, :namespace, :target,
    :payload, :actor, :correlation, :causation, :trace)
on conflict do nothing
