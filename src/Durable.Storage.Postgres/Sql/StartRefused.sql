-- N3: starts that the statement before refused become a message to the one who asked. In the same transaction, so a run of that id is there only if it was started.
-- $1 run that was to start, $2 its shard, $3-$19 messages.
with m as (
    insert into $schema.message (run_id, shard, namespace, sender, sender_seq, kind, control, target, payload, encoding, accepted_at, reply_gen, reply_ordinal, actor, correlation, causation, trace)
    select u.run_id, u.shard, u.namespace, u.sender, u.sender_seq, u.kind, u.control, u.target, u.payload, u.encoding, coalesce(u.accepted_at, $now), u.reply_gen, u.reply_ordinal, u.actor, u.correlation, u.causation, u.trace
    from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        u(child, child_shard, run_id, shard, namespace, sender, sender_seq, kind, control, target, payload, encoding, accepted_at, reply_gen, reply_ordinal, actor, correlation, causation, trace)
    where (select r.run_id from $schema.run r where r.run_id = u.child and r.shard = u.child_shard offset 0) is null
    on conflict do nothing
    returning run_id, sender, sender_seq, shard, control, namespace)
insert into $schema.ready (run_id, sender, sender_seq, due_at, gen, next_seq, version, priority, attempt, shard, hold, mail, asap, control, namespace, type, queue)
select run_id, sender, sender_seq, $now, 0, 0, 0, 0, 0, shard, 0, true, true, control, namespace, '', '' from m
on conflict do nothing
