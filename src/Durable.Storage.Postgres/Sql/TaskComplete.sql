-- K2: the row of an attempt becomes a message with its notice. A superseded attempt finds another token or no row, and gets no row back.
-- Locks: task rows, by key, sorted; then inserts. $1 gen, $2 task_no, $3 token, $4 run of the task, $5 its shard, $6-$22 messages.
with d as (
    delete from $schema.task t
    using unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        u(task_gen, task_no, token, task_run, task_shard, run_id, shard, namespace, sender, sender_seq, kind, control, target, payload, encoding, accepted_at, reply_gen, reply_ordinal, actor, correlation, causation, trace)
    where t.run_id = any (array[u.task_run]) and t.gen = u.task_gen and t.task_no = u.task_no and t.shard = u.task_shard and t.token = u.token $shards(t)
    returning u.*),
m as (
    insert into $schema.message (run_id, shard, namespace, sender, sender_seq, kind, control, target, payload, encoding, accepted_at, reply_gen, reply_ordinal, actor, correlation, causation, trace)
    select run_id, shard, namespace, sender, sender_seq, kind, control, target, payload, encoding, coalesce(accepted_at, $now), reply_gen, reply_ordinal, actor, correlation, causation, trace
    from d
    on conflict do nothing
    returning run_id, sender, sender_seq, shard, control, namespace),
n as (
    insert into $schema.ready (run_id, sender, sender_seq, due_at, gen, next_seq, version, priority, attempt, shard, hold, mail, asap, control, namespace, type, queue)
    select run_id, sender, sender_seq, $now, 0, 0, 0, 0, 0, shard, 0, true, true, control, namespace, '', '' from m
    on conflict do nothing)
select task_run, task_gen, task_no, token from d
