-- One row of a history (C6). Its key is an assertion: two writers of one place cannot both commit.
-- Lock: the file's one write lock. Index: key of durable_event. Bound: 1 row.
insert into durable_event (run_id, gen, seq, kind, at, ordinal, encoding, schema, crc, shard, namespace, target, payload, commands, sender, sender_seq, actor,
    correlation, causation, trace)
values (:run_id, :gen, :seq, :kind, :at, :ordinal, :encoding, :schema, :crc, :shard, :namespace, :target, :payload, :commands, :sender,
    :sender_seq, :actor, :correlation, :causation, :trace)
