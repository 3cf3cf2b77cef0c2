-- The wake row of a run that has no owner (C3, N1, R2): its token (I1).
-- Lock: the file's one write lock. Index: key of durable_ready, one of durable_ready_due and durable_ready_asap. Bound: 1 row.
insert into durable_ready (run_id, sender, sender_seq, due_at, asap, control, shard, namespace, type, version, queue, priority, hold, hold_builds,
    wait_reason, attempt, gen, next_seq)
values (:run_id, x'00000000000000000000000000000000', 0, :due_at, :asap, 0, :shard, :namespace, :type, :version, :queue, :priority, :hold,
    :hold_builds, :wait_reason, :attempt, :gen, :next_seq)
