-- Messages without a notice: dead letters of a run that closes (DECISIONS 12). $1-$17 messages.
insert into $schema.message (run_id, shard, namespace, sender, sender_seq, kind, control, target, payload, encoding, accepted_at, reply_gen, reply_ordinal, actor, correlation, causation, trace)
select u.run_id, u.shard, u.namespace, u.sender, u.sender_seq, u.kind, u.control, u.target, u.payload, u.encoding, coalesce(u.accepted_at, $now), u.reply_gen, u.reply_ordinal, u.actor, u.correlation, u.causation, u.trace
from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    u(run_id, shard, namespace, sender, sender_seq, kind, control, target, payload, encoding, accepted_at, reply_gen, reply_ordinal, actor, correlation, causation, trace)
on conflict do nothing
returning run_id, sender, sender_seq
