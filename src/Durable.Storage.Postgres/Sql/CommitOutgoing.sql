-- M2: rows for other groups, beside their sender; one that is there already stays. Locks: none (inserts). $1 the sender's shard, $2-$18 messages as they will be inserted at their target.
insert into $schema.outgoing (sender, seq, shard, target_run, target_shard, namespace, kind, control, target, payload, encoding, accepted_at, reply_gen, reply_ordinal, actor, correlation, causation, trace)
select u.sender, u.sender_seq, u.own_shard, u.run_id, u.shard, u.namespace, u.kind, u.control, u.target, u.payload, u.encoding, coalesce(u.accepted_at, $now), u.reply_gen, u.reply_ordinal, u.actor, u.correlation, u.causation, u.trace
from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
    u(own_shard, run_id, shard, namespace, sender, sender_seq, kind, control, target, payload, encoding, accepted_at, reply_gen, reply_ordinal, actor, correlation, causation, trace)
on conflict do nothing
